/// The program itself.
public enum Program {
  /// Its version, as `birlik --version` and headquarters' list of nodes tell it.
  public static let version = "0.2.0"
}
