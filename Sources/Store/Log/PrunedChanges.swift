import Algorithms
import SyncCore

/// Which changes stand in segments whose bodies are not kept here, as runs of each stream.
struct PrunedChanges {
  /// For each stream runs in ascending order, none touching another.
  private var runs: [StreamNumber: [ClosedRange<Int64>]] = [:]

  var isEmpty: Bool { runs.isEmpty }

  /// Whether a change is one of them.
  func contains(_ clock: Clock) -> Bool {
    guard let runs = runs[clock.stream] else { return false }
    let place = runs.partitioningIndex { $0.upperBound >= clock.sequence }
    return place < runs.count && runs[place].contains(clock.sequence)
  }

  /// Whether a head of a record stands in one of them, so that the log does not tell its value.
  func holds(_ state: RecordState) -> Bool {
    guard !runs.isEmpty else { return false }
    return state.rows.contains { contains($0.clock) } || state.deletions.contains { contains($0.clock) }
      || state.registers.values.contains { $0.contains { contains($0.clock) } }
  }

  /// The first of them after a sequence of a stream.
  func first(after sequence: Int64, stream: StreamNumber) -> Int64? {
    guard let run = runs[stream]?.first(where: { $0.upperBound > sequence }) else { return nil }
    return max(run.lowerBound, sequence &+ 1)
  }

  /// Where the runs of a stream end.
  func ends(stream: StreamNumber) -> [Int64] { (runs[stream] ?? []).map(\.upperBound) }

  /// Adds the changes of a segment.
  mutating func insert(_ run: ClosedRange<Int64>, stream: StreamNumber) {
    var all = runs[stream] ?? []
    let place = all.firstIndex { $0.lowerBound > run.lowerBound } ?? all.count
    all.insert(run, at: place)
    // Runs that touch become one, which keeps the list as short as there are gaps.
    if place + 1 < all.count, all[place].upperBound >= all[place + 1].lowerBound &- 1 {
      all[place] = all[place].lowerBound...max(all[place].upperBound, all[place + 1].upperBound)
      all.remove(at: place + 1)
    }
    if place > 0, all[place - 1].upperBound >= all[place].lowerBound &- 1 {
      all[place - 1] = all[place - 1].lowerBound...max(all[place - 1].upperBound, all[place].upperBound)
      all.remove(at: place)
    }
    runs[stream] = all
  }
}
