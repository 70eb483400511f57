import SyncCore

/// Something that is not as it was sealed or signed.
public struct AuditFinding: Sendable, Equatable {
  public enum Code: String, Sendable {
    /// A segment's bytes, hash, numbers or signature are not what its author sealed.
    case altered
    /// Segments that others build on are gone.
    case missing
    /// Segments do not stand in the order in which they build on each other.
    case reordered
    /// The end of a stream, or what it had seen, is not what the log says.
    case stream
    /// A card, or a receipt, that headquarters did not sign.
    case forged
    /// Headquarters signed that it holds what this log lacks, or does not hold what it signed.
    case receipt
    /// Headquarters showed another member something else.
    case split
  }

  public var code: Code
  public var channel: Channel?
  /// What people call the author.
  public var node: String?
  public var origin: Origin?
  /// The numbers of the first and the last change that it is about.
  public var first: Int64?
  public var last: Int64?
  /// What is wrong, as a clause.
  public var detail: String
  /// What the operator can do next.
  public var hint: String

  /// The place and what is wrong, such as "ftuu:home, changes 4 to 9 of ftuu/Samarkand: its hash …".
  public var sentence: String {
    var place: [String] = []
    if let channel { place.append(channel.description) }
    if let node {
      guard let first, let last else { return (place + ["the changes of \(node): \(detail)"]).joined(separator: ", ") }
      place.append(first == last ? "change \(first) of \(node)" : "changes \(first) to \(last) of \(node)")
    }
    return (place.isEmpty ? "" : place.joined(separator: ", ") + ": ") + detail
  }
}

/// What an audit found.
public struct AuditReport: Sendable, Equatable {
  /// True when nothing was altered, dropped or reordered since it was sealed, as far as this file can tell.
  public var ok: Bool { findings.isEmpty }
  public var streams = 0
  public var segments = 0
  public var changes: Int64 = 0
  /// Segments whose bodies are not kept here; their chains and signatures were checked all the same.
  public var prunedSegments = 0
  public var cards = 0
  /// Headquarters' signed words that are kept here.
  public var receipts = 0
  /// The latest of them: when, by headquarters' clock in milliseconds since 1970.
  public var lastReceiptAt: Int64?
  /// For each stream the first thing that is wrong.
  public var findings: [AuditFinding] = []

  public init() {}
}

/// What comparing with another node's evidence showed.
public struct AuditComparison: Sendable, Equatable {
  public enum Outcome: String, Sendable {
    /// Headquarters signed the same for both.
    case same
    /// All that the other was told is held here.
    case consistent
    /// Not to be told yet; `reason` says what to do.
    case inconclusive
    /// Headquarters told the two different things, under its signature.
    case split
  }

  public var outcome: Outcome
  /// The other node's name.
  public var node: String
  public var reason: String?
  public var findings: [AuditFinding] = []
}
