import Wire

/// A segment as it came, parsed once for all that look at it.
enum Arrival {
  case segment(Segment)
  /// Bytes that are no segment, and why.
  case unreadable([UInt8], problem: String)

  init(_ bytes: [UInt8]) {
    do {
      self = .segment(try Segment(bytes: bytes))
    } catch {
      self = .unreadable(bytes, problem: error.detail)
    }
  }
}
