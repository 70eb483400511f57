import SyncCore
import Wire

extension Store {
  /// Receipts of the latest days that are kept each; of earlier ones the last of each day for a year, and the last of
  /// each month.
  static let keptReceipts = 32
  static let keptDays = 366

  /// Keeps a signed word of headquarters, and thins out the earlier ones.
  ///
  /// They are ordered and thinned by this machine's own clock: what headquarters says of the time must not be able to
  /// push out what it signed before.
  public func keep(_ receipt: Receipt, now: Int64 = SystemClock.now()) throws {
    try write { engine in
      let latest = try engine.connection.prepared("SELECT max(at) FROM birlik_receipt")
      defer { latest.reset() }
      let last = try latest.step() && !latest.isNull(0) ? latest.int64(0) : 0
      latest.reset()
      let insert = try engine.connection.prepared("INSERT OR REPLACE INTO birlik_receipt(at, receipt) VALUES(?1, ?2)")
      insert.bind(1, max(now, last &+ 1))
      insert.bind(2, blob: receipt.bytes)
      try insert.step()
      let thin = try engine.connection.prepared(
        """
        DELETE FROM birlik_receipt WHERE at NOT IN (SELECT at FROM birlik_receipt ORDER BY at DESC LIMIT ?1)
          AND at NOT IN (SELECT max(at) FROM birlik_receipt GROUP BY at/86400000 ORDER BY 1 DESC LIMIT ?2)
          AND at NOT IN (SELECT max(at) FROM birlik_receipt GROUP BY at/2629746000)
        """)
      thin.bind(1, Self.keptReceipts)
      thin.bind(2, Self.keptDays)
      try thin.step()
    }
  }
}
