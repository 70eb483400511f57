/// The program itself.
public enum Program {
  /// Its version, as `birlik --version` and headquarters' list of nodes tell it.
  public static let version = "0.2.0"
  /// What its requests say they come from.
  static let agent = "birlik/\(version)"
  /// The same for a rehearsed sync: whoever asks forgets what it hears, so headquarters notes no contact.
  static let dryRunAgent = agent + rehearsing
  /// By which other versions' are known as well.
  private static let rehearsing = "-rehearsal"

  static func isRehearsing(_ agent: String?) -> Bool { agent?.hasSuffix(rehearsing) == true }
}
