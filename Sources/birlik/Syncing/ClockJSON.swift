import Store
import SyncCore

/// How far this machine's clock is off, for scripts.
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
