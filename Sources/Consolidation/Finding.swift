/// Something in the registers that makes figures doubtful and that a person should look at. Nothing is refused or hidden
/// because of a finding.
///
/// ```swift
/// Finding(
///   .lookAlikeKeys, kind: "org_unit", keys: ["А-1", "A-1"], "А-1 and A-1 look alike and are two keys",
///   remedy: .command("rekey", ["org_unit", "А-1", "A-1"]))
/// ```
public struct Finding: Sendable, Equatable {
  /// What sort of finding it is, under a name that scripts may rely on. Findings are listed in this order.
  public enum Code: String, Sendable, CaseIterable {
    case lookAlikeKeys = "look-alike-keys"
    case hiddenCharacters = "hidden-characters"
    case doubtfulDates = "doubtful-dates"

    /// What findings of this sort have in common, for the line above them.
    public var title: String {
      switch self {
      case .lookAlikeKeys: "Keys that look alike: one thing under two keys counts twice"
      case .hiddenCharacters: "Keys with characters that nobody sees: control, invisible, or blanks at an end"
      case .doubtfulDates: "Dates that are hardly meant"
      }
    }
  }

  /// What to do about it.
  public enum Remedy: Sendable, Equatable {
    /// A command of this program: its name, and what it is about.
    case command(String, [String])
    /// One clause, where no single command does it.
    case advice(String)
  }

  public var code: Code
  /// The kind of the records that it is about, and their keys as people write them.
  public var kind: String
  public var keys: [String]
  /// What is the matter, in one plain sentence without its stop.
  public var sentence: String
  public var remedy: Remedy?

  public init(_ code: Code, kind: String, keys: [String], _ sentence: String, remedy: Remedy? = nil) {
    self.code = code
    self.kind = kind
    self.keys = keys
    self.sentence = sentence
    self.remedy = remedy
  }
}
