import Node
import Store
import SyncCore

/// Checks that every node's tables match its log, and that all nodes hold the same of what they share.
struct DemoProof {
  /// One channel and the nodes that may read it.
  struct Line {
    var channel: Channel
    var readers: [DemoPlace]
    var digest: String
    var areEqual: Bool

    var words: String { areEqual ? (readers.count > 1 ? "all equal" : "one only") : "DIFFERENT" }
  }

  private(set) var channels: [Line] = []
  private(set) var problems: [String] = []

  /// How many nodes are verified at once.
  private static let width = 2

  private struct Verified: Sendable {
    var place: DemoPlace
    var report: VerifyReport
    var took: Duration
  }

  /// Verifies every node and compares them.
  ///
  /// - Parameter progress: called with each node as it is done.
  static func make(
    _ stage: DemoStage, progress: (DemoPlace, VerifyReport, Duration) -> Void
  ) async throws -> DemoProof {
    var reports: [DemoPlace: VerifyReport] = [:]
    var waiting = try DemoPlace.allCases.map { ($0, try stage.store($0)) }[...]
    try await withThrowingTaskGroup(of: Verified.self) { group in
      func addNext() {
        guard let (place, store) = waiting.popFirst() else { return }
        group.addTask {
          try await offload {
            let began = ContinuousClock.now
            let report = try store.verify()
            return Verified(place: place, report: report, took: began.duration(to: .now))
          }
        }
      }
      for _ in 0..<width { addNext() }
      while let verified = try await group.next() {
        reports[verified.place] = verified.report
        progress(verified.place, verified.report, verified.took)
        addNext()
      }
    }
    return try DemoProof(reports, stage)
  }

  private init(_ reports: [DemoPlace: VerifyReport], _ stage: DemoStage) throws {
    for place in DemoPlace.allCases {
      problems += (reports[place]?.problems ?? ["it was not verified"]).map { "\(place.name): \($0)" }
    }
    for channel in Set(reports.values.flatMap(\.digests.keys)).sorted() {
      let readers = try DemoPlace.allCases.filter { try stage.store($0).identity.role.mayRead(channel) }
      let digests = Set(readers.map { reports[$0]?.digests[channel] })
      let areEqual = digests.count == 1
      channels.append(
        Line(channel: channel, readers: readers, digest: digests.first.flatMap { $0 } ?? "-", areEqual: areEqual))
      if !areEqual { problems.append("the nodes that read \(channel) do not hold the same of it") }
      let others = DemoPlace.allCases.filter { !readers.contains($0) && reports[$0]?.digests[channel] != nil }
      problems += others.map { "\($0.name) holds \(channel), which it may not read" }
    }
  }

  /// Records that are where they must not be.
  static func leaks(_ stage: DemoStage) throws -> [String] {
    var found: [String] = []
    for place in DemoPlace.allCases {
      let store = try stage.store(place)
      var isForeign = false
      try store.eachRecord(kind: "member") { _ in
        isForeign = place != .samarkand
        return !isForeign
      }
      if isForeign { found.append("\(place.name) holds members of Samarkand by name") }
      guard place != .headquarters else { continue }
      for owner in Set(DemoPlace.members.map(\.federation)).sorted() where owner != place.federation {
        var others = false
        try store.eachRecord(kind: "membership_return", filters: [("federation", owner)]) { _ in
          others = true
          return false
        }
        if others { found.append("\(place.name) holds returns of \(owner)") }
      }
    }
    return found
  }
}
