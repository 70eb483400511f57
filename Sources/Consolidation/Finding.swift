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
    case unregisteredFederations = "unregistered-federations"
    case unregisteredUnits = "unregistered-units"
    case circles = "parents-in-a-circle"
    case absentParents = "absent-parents"
    case foreignParents = "parents-of-another-federation"
    case contradictions = "contradicting-returns"
    case reopenedUnits = "closed-before-opened"

    /// What findings of this sort have in common, for the line above them.
    public var title: String {
      switch self {
      case .lookAlikeKeys: "Keys that look alike: one thing under two keys counts twice"
      case .hiddenCharacters: "Keys with characters that nobody sees: control, invisible, or blanks at an end"
      case .doubtfulDates: "Dates that are hardly meant"
      case .unregisteredFederations: "Federations that count in totals and are no members in the register"
      case .unregisteredUnits: "Units that report and are not registered: they count, and have no place in the tree"
      case .circles: "Parents that lead back to the unit: it counts, and has no place in the tree"
      case .absentParents: "Parents that nobody registered: what stands under them counts, and has no place in the tree"
      case .foreignParents: "Parents of another federation: what stands under them counts, and has no place in the tree"
      case .contradictions: "Returns of one unit that contradict each other: one of them counts"
      case .reopenedUnits: "Units that closed before they opened"
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
