import SyncCore
import Wire

/// The order and the authors of heads, as the log and the directory have them.
struct HeadOrder: HeadFacts {
  private let log: SegmentLog
  private let directory: Directory

  init(_ log: SegmentLog, _ directory: Directory) {
    self.log = log
    self.directory = directory
  }

  func precedes(_ a: Clock, _ b: Clock) throws -> Bool { try log.streams.precedes(a, b) { try log.hash(at: $0) } }

  func author(of clock: Clock) -> Author {
    guard let stream = log.streams.stream(clock.stream) else { return .other }
    return Author(directory.cards[stream.origin.node]?.role, in: stream.channel)
  }
}
