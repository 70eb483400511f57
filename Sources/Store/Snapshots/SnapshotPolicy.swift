/// How long snapshots are kept, and when one is worth its making.
enum SnapshotPolicy {
  /// How long a snapshot is offered to those who ask anew, in milliseconds. What changed since comes by the log.
  static let offerTime: Int64 = 3_600_000
  /// How long after the last request a snapshot is kept for those who are fetching it, in milliseconds.
  static let keepTime: Int64 = 7 * 86_400_000
  /// How many are kept; the one used longest ago goes first.
  static let count = 16
  /// Below so many bytes the log is short enough.
  static let shortLog: Int64 = 1 << 20
  /// How many times longer than the snapshot the log has to be.
  static let factor: Int64 = 2
  /// From so many changes on, so many for each record, the log is much work however few bytes it takes; the snapshot may
  /// then take up to `factor` times its bytes.
  static let manyChanges: Int64 = 100_000
  static let changesPerRecord: Int64 = 3
  /// How many bytes one record and one segment take in a snapshot at least, mostly.
  static let bytesPerRecord: Int64 = 8
  static let bytesPerSegment: Int64 = 112
}
