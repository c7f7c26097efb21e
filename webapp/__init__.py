"""The Belgian index and zipcode-risk desk."""
