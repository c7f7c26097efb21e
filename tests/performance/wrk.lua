-- What wrk asks for: the paths in the file that it is given, one after the other, round and round.
-- At the end it prints what it found as one line of JSON, times in microseconds.

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
    '{"requests": %d, "failures": %d, "refusals": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d}',
    summary.requests, errors.connect + errors.read + errors.write + errors.timeout, errors.status,
    summary.duration, latency:percentile(50), latency:percentile(99)
  ))
end
