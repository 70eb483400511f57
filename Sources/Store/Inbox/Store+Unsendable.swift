import SyncCore

extension Store {
  /// What became of edits that this node may or may not send, in changes.
  public struct UnsendableChange: Sendable, Equatable {
    /// Those that may not be sent from now on.
    public var kept: Int64 = 0
    /// Those that might not be sent until now, and are sent or held by headquarters from now on.
    public var released: Int64 = 0
  }

  /// Finds what this node sealed before it heard that it may not write its open channel, and releases what it may send
  /// again. To be called with what headquarters shows, before anything is sent to it.
  ///
  /// - Parameters:
  ///   - theirs: the frontier of headquarters.
  ///   - marks: what this side showed to it, and whether it holds each.
  public func updateUnsendable(
    from theirs: [FrontierEntry], marks: [FrontierMark], now: Int64 = SystemClock.now()
  ) throws -> UnsendableChange {
    // Looking first keeps a sync of a member from taking the write lock.
    let isNews = try read { transaction in
      try Unsendable(transaction).streams(lackedBy: theirs, marks: marks)
        != transaction.inbox.unsendableStreams()
    }
    guard isNews else { return UnsendableChange() }
    return try write { transaction in
      var change = UnsendableChange()
      try Sealer(transaction, wall: now).sealAll { sealer in
        let unsendable = Unsendable(transaction)
        change = try unsendable.update(
          to: unsendable.streams(lackedBy: theirs, marks: marks), sealer, now: now)
      }
      return change
    }
  }
}
