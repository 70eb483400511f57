/// Why captured edits wait for a person.
public enum HeldReason: String, Sendable {
  /// Too many records would be deleted or emptied at once.
  case many
  /// They were found by comparing rows with the log, not by a trigger.
  case unnoticed
  /// They wait no longer: a person confirmed them who has not the key, and whoever seals next seals them.
  case confirmed
}
