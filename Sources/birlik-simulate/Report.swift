import Simulation

/// What a batch of runs found, for a person.
struct Report {
  let batch: Batch
  let seconds: Double

  init(_ batch: Batch, seconds: Double) {
    self.batch = batch
    self.seconds = seconds
  }

  var text: String {
    var lines = [
      "\(batch.count) seeds from \(batch.first), \(batch.failures.count) of them failing, "
        + "in \(Int(seconds.rounded())) s: \(Int((Double(batch.count) / max(seconds, 0.001)).rounded())) seeds a second",
      "\(Int(batch.nodeYears.rounded())) simulated node-years, \(batch.steps) steps, "
        + "fingerprint \(String(batch.fingerprint, radix: 16))",
      "reached:",
    ]
    for event in Coverage.Event.allCases {
      let number = String(batch.coverage[event])
      let name = event.words
      lines.append("  \(name)\(String(repeating: " ", count: max(1, 44 - name.count - number.count)))\(number)")
    }
    for failure in batch.failures.prefix(20) { lines.append("seed \(failure.seed): \(failure.problem)") }
    return lines.joined(separator: "\n")
  }
}
