/// Kinds that no catalog holds: statements of headquarters and nodes in the log itself.
///
/// They travel, merge and are stored like every other record, and have no table: clerks neither see nor write them. Their
/// numbers are above those that a catalog may give. A program that does not know one stores its heads as it does those of
/// a later catalog.
public enum SystemKind {
  /// The first number that no catalog may give to a kind.
  public static let first = 65_000

  /// A statement of headquarters on a node that may seal no more. Key: the node's id. In headquarters' open channel.
  public static let node = Kind(
    id: 65_001, name: "node statement", recordClass: .everyone, key: [KeyColumn(name: "node", type: .text)],
    fields: [
      Field(id: 1, name: "state", type: .code(["revoked", "replaced"]), group: 10),
      Field(id: 2, name: "at", type: .integer(minimum: nil, maximum: nil), group: 10),
      Field(id: 3, name: "tips", type: .text, group: 10),
      Field(id: 4, name: "successor", type: .text, group: 10),
      Field(id: 5, name: "reason", type: .text, group: 10),
      Field(id: 6, name: "proof", type: .text, group: 10),
    ], groups: [FieldGroup(id: 10, name: "statement", rule: .headquarters)])

  /// A key under which headquarters' server may be met. Key: its pin, the base64 of the SHA-256 of the public key. In
  /// headquarters' open channel.
  public static let serverKey = Kind(
    id: 65_002, name: "server key", recordClass: .everyone, key: [KeyColumn(name: "pin", type: .text)],
    fields: [
      Field(id: 1, name: "state", type: .code(["announced", "current", "retired"]), group: 10),
      Field(id: 2, name: "from", type: .integer(minimum: nil, maximum: nil), group: 10),
    ], groups: [FieldGroup(id: 10, name: "statement", rule: .headquarters)])

  /// An edit of a record that its author may not write. Key: a hash of it. In the author's home channel.
  public static let proposal = Kind(
    id: 65_003, name: "proposal", recordClass: .federation, key: [KeyColumn(name: "id", type: .text)],
    fields: [
      Field(id: 1, name: "kind", type: .text, group: 20),
      Field(id: 2, name: "key", type: .text, group: 20),
      Field(id: 3, name: "channel", type: .text, group: 20),
      Field(id: 4, name: "operation", type: .code(["insert", "edit", "delete"]), group: 20),
      Field(id: 5, name: "values", type: .text, group: 20),
      Field(id: 6, name: "seen", type: .text, group: 20),
      Field(id: 7, name: "node", type: .text, group: 20),
      Field(id: 8, name: "at", type: .integer(minimum: nil, maximum: nil), group: 20),
      Field(id: 9, name: "emptied", type: .text, group: 20),
      Field(id: 11, name: "decision", type: .code(["accepted", "declined"]), group: 21),
      Field(id: 12, name: "decided_at", type: .integer(minimum: nil, maximum: nil), group: 21),
      Field(id: 13, name: "reason", type: .text, group: 21),
    ],
    groups: [
      FieldGroup(id: 20, name: "edit", rule: .owner), FieldGroup(id: 21, name: "decision", rule: .headquarters),
    ])

  /// Every one of them, by number.
  public static let all = [node, serverKey, proposal]

  /// The kind with that number; nil for one that this program does not know.
  public static func kind(_ id: Int) -> Kind? { all.first { $0.id == id } }

  /// True for a number that no catalog may give.
  public static func isReserved(_ kind: Int) -> Bool { kind >= first }
}
