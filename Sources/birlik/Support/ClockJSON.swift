import Store
import SyncCore

/// This machine's clock as scripts read it.
enum ClockJSON {
  static func reading(_ clock: ClockReading) -> JSON {
    [
      "offset_ms": .integer(clock.offset), "measured_at": moment(clock.measuredAt),
      "wrong_since": moment(clock.wrongSince), "warning": .string(clock.warning),
    ]
  }

  private static func moment(_ milliseconds: Int64?) -> JSON {
    milliseconds.map { .string(Moment($0).iso) } ?? .null
  }
}
