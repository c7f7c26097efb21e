-- Request the paths in a file in turn, each for the client behind it if there is one, and print the result as one line of JSON, with times in microseconds.

local requests = {}
local position = 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    local path, client = line:match("^(%S+) ?(%S*)$")
    local headers = {}
    for name, value in pairs(wrk.headers) do headers[name] = value end
    headers["X-Forwarded-For"] = client ~= "" and client or nil
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
end

function request()
  position = position % #requests + 1
  return requests[position]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests": %d, "failures": %d, "error_responses": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d}',
    summary.requests, errors.connect + errors.read + errors.write + errors.timeout, errors.status,
    summary.duration, latency:percentile(50), latency:percentile(99)
  ))
end
