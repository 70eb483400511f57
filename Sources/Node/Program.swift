/// The program itself.
public enum Program {
  /// Its version, as in `birlik --version` and in headquarters' list of nodes.
  public static let version = "0.2.0"
  /// How its requests name it.
  static let agent = "birlik/\(version)"
  /// How the requests of a dry run name it: such a node keeps nothing of the answer, so headquarters records no contact.
  static let dryRunAgent = agent + dryRunSuffix
  /// Older versions use this suffix too, so it does not change.
  private static let dryRunSuffix = "-rehearsal"

  static func isDryRun(agent: String?) -> Bool { agent?.hasSuffix(dryRunSuffix) == true }
}
