import SyncCore
import Wire

/// A segment as it came, parsed once for all that look at it.
public enum Arrival: Sendable {
  case segment(Segment)
  /// Bytes that are no segment, and why.
  case unreadable([UInt8], problem: String)

  public init(_ bytes: [UInt8]) {
    do {
      self = .segment(try Segment(bytes: bytes))
    } catch {
      self = .unreadable(bytes, problem: error.detail)
    }
  }

  /// Nil for bytes that are no segment.
  var segment: Segment? { if case .segment(let segment) = self { segment } else { nil } }

  /// Where the segment ends its stream, and after what it comes; nil for bytes that are no segment.
  public var end: (header: SegmentHeader, hash: Digest)? { segment.map { ($0.header, $0.hash) } }
}
