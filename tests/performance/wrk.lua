-- Request the paths in a file in turn, and print the result as one line of JSON, with times in microseconds.

local requests = {}
local position = 0

function init(arguments)
  for path in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format("GET", path)
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
