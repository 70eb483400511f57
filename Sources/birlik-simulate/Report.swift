import Simulation

/// What a sweep of runs found, for a person.
struct Report {
  let sweep: SeedSweep
  let seconds: Double

  init(_ sweep: SeedSweep, seconds: Double) {
    self.sweep = sweep
    self.seconds = seconds
  }

  var text: String {
    var lines = [
      "\(sweep.count) seeds from \(sweep.first), \(sweep.failures.count) of them failing, "
        + "in \(Int(seconds.rounded())) s: \(Int((Double(sweep.count) / max(seconds, 0.001)).rounded())) seeds a second",
      "\(Int(sweep.nodeYears.rounded())) simulated node-years, \(sweep.steps) steps, "
        + "fingerprint \(String(sweep.fingerprint, radix: 16))",
      "reached:",
    ]
    for event in Coverage.Event.allCases {
      let number = String(sweep.coverage[event])
      let name = event.words
      lines.append("  \(name)\(String(repeating: " ", count: max(1, 44 - name.count - number.count)))\(number)")
    }
    for failure in sweep.failures.prefix(20) { lines.append("seed \(failure.seed): \(failure.problem)") }
    return lines.joined(separator: "\n")
  }
}
