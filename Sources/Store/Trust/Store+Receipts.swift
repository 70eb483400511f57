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
  public func retain(_ receipt: Receipt, now: Int64 = SystemClock.now()) throws {
    try write { transaction in
      try transaction.directory.add(receipt, now: now)
      try transaction.directory.thinReceipts(latest: Self.keptReceipts, days: Self.keptDays)
    }
  }

  /// What headquarters last signed that it holds of this node's streams; nil when it never did.
  public func lastReceipt() throws -> (at: Int64, tips: [FrontierEntry])? {
    try read { transaction in
      guard let bytes = try transaction.directory.storedReceipts().last else { return nil }
      let receipt = try Receipt(bytes: bytes, signedBy: transaction.identity.headquarters)
      return (receipt.at, receipt.tips)
    }
  }
}
