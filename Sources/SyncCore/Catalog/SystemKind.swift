/// Kinds that no catalog holds: statements of headquarters and nodes in the log itself.
///
/// They travel, merge and are stored like every other record, and have no table: clerks neither see nor write them. Their
/// numbers are above those that a catalog may give. A program that does not know one stores its heads as it does those of
/// a later catalog.
public enum SystemKind {
  /// The first number that no catalog may give to a kind.
  public static let first: KindID = 65_000

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

  /// The registers of `proposal`: what is proposed, and what headquarters decided.
  public static let editRegister: RegisterID = 20
  public static let decisionRegister: RegisterID = 21

  /// An edit of a record that its author may not write. Key: a hash of it. In the author's home channel.
  public static let proposal = Kind(
    id: 65_003, name: "proposal", recordClass: .federation, key: [KeyColumn(name: "id", type: .text)],
    fields: [
      Field(id: 1, name: "kind", type: .text, group: editRegister),
      Field(id: 2, name: "key", type: .text, group: editRegister),
      Field(id: 3, name: "channel", type: .text, group: editRegister),
      Field(id: 4, name: "operation", type: .code(["insert", "edit", "delete"]), group: editRegister),
      Field(id: 5, name: "values", type: .text, group: editRegister),
      Field(id: 6, name: "seen", type: .text, group: editRegister),
      Field(id: 7, name: "node", type: .text, group: editRegister),
      Field(id: 8, name: "at", type: .integer(minimum: nil, maximum: nil), group: editRegister),
      Field(id: 9, name: "emptied", type: .text, group: editRegister),
      Field(id: 11, name: "decision", type: .code(["accepted", "declined"]), group: decisionRegister),
      Field(id: 12, name: "decided_at", type: .integer(minimum: nil, maximum: nil), group: decisionRegister),
      Field(id: 13, name: "reason", type: .text, group: decisionRegister),
    ],
    groups: [
      FieldGroup(id: editRegister, name: "edit", rule: .owner),
      FieldGroup(id: decisionRegister, name: "decision", rule: .headquarters),
    ])

  /// Why a record that is written once was withdrawn. Key: a hash of its kind and key. In the record's own channel; the
  /// record itself is deleted.
  public static let withdrawal = Kind(
    id: 65_004, name: "withdrawal", recordClass: .everyone, key: [KeyColumn(name: "id", type: .text)],
    fields: [
      Field(id: 1, name: "kind", type: .text, group: 10), Field(id: 2, name: "key", type: .text, group: 10),
      Field(id: 3, name: "reason", type: .text, group: 10),
    ], groups: [FieldGroup(id: 10, name: "withdrawal", rule: .owner)])

  /// Every one of them, by number.
  public static let all = [node, serverKey, proposal, withdrawal]

  /// The kind with that number; nil for one that this program does not know.
  public static func kind(_ id: KindID) -> Kind? { all.first { $0.id == id } }

  /// True for a number that no catalog may give.
  public static func isReserved(_ kind: KindID) -> Bool { kind >= first }
}
