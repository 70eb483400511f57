/// What a seal did.
public struct SealReport: Sendable, Equatable {
  /// Changes sealed.
  public var changes = 0
  /// Captured edits that this node may not seal; they are kept and shown by `birlik status`.
  public var refused = 0
  /// Of the changes those that delete a record.
  public var deletions = 0
  /// Records whose edits wait for a person since now.
  public var held = 0
  /// What was sealed, as far as its authors may have to be told of it.
  public var typed = TypedEntries()

  public init() {}
}
