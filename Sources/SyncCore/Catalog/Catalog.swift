import Algorithms

/// The versioned list of record kinds: fields, types, merge rules, classes and indicators.
///
/// Headquarters publishes a catalog, nodes follow it. The engine itself knows no kind: everything about trade unions
/// is in the files under `Config/catalog/`.
///
/// ```swift
/// let kind = catalog.kind(named: "membership_return")
/// kind?.key.map(\.name)                  // ["unit", "as_of", "axis"]
/// kind?.field(named: "members_total")    // id 2, integer, rule owner
/// ```
public struct Catalog: Sendable, Equatable {
  /// The version number; a later catalog has a higher one.
  public var version: Int
  /// What the catalog is called in messages to people.
  public var title: String
  /// Every kind, in ascending order of `Kind.id`.
  public var kinds: [Kind]
  /// Every indicator, in the order in which totals are listed.
  public var indicators: [Indicator]
  /// How shared totals are made of personal data, in the order in which they are listed.
  public var derivations: [Derivation]
  /// The ids of kinds that were removed and are never used again.
  public var retiredKinds: [KindID]
  /// Federations that are observers, in order of their codes.
  public var observers: [Observer]

  public init(
    version: Int, title: String, kinds: [Kind], indicators: [Indicator], derivations: [Derivation] = [],
    retiredKinds: [KindID] = [], observers: [Observer] = []
  ) {
    self.version = version
    self.title = title
    self.kinds = kinds.sorted { $0.id < $1.id }
    self.indicators = indicators
    self.derivations = derivations
    self.observers = observers.sorted { $0.federation.utf8.lexicographicallyPrecedes($1.federation.utf8) }
    self.retiredKinds = retiredKinds
  }

  /// The kind with that table name, or nil.
  public func kind(named name: String) -> Kind? { kinds.first { $0.name.sameBytes(as: name) } }

  /// The kind with that id, or nil.
  public func kind(_ id: KindID) -> Kind? {
    let index = kinds.partitioningIndex { $0.id >= id }
    return index < kinds.count && kinds[index].id == id ? kinds[index] : nil
  }

  /// The derivation with that id, or nil.
  public func derivation(named id: String) -> Derivation? { derivations.first { $0.id.sameBytes(as: id) } }

  /// The indicator with that id, or nil.
  public func indicator(named id: String) -> Indicator? { indicators.first { $0.id.sameBytes(as: id) } }
}

/// Who may see the records of a kind.
public enum RecordClass: String, Sendable, CaseIterable {
  /// Personal data: never logged, never leaves the file it was typed into.
  case local
  /// Goes to the federation's own offices and to headquarters: channel `<owner>:home`.
  case federation
  /// Readable by all members: channel `<owner>:open`.
  case everyone
}

/// One record kind: a plain table that any SQLite client can write.
public struct Kind: Sendable, Equatable {
  /// Permanent number of the kind, from 1 to 64,999; never used again for another.
  public var id: KindID
  /// The table's name.
  public var name: String
  /// What the kind is called in messages to people.
  public var title: String
  public var recordClass: RecordClass
  /// True for facts that are written once: no update, no deletion.
  public var appendOnly: Bool
  /// What a deletion does that meets a concurrent edit.
  public var deletion: DeletionRule
  /// The key's columns, in order: one to four, all text.
  public var key: [KeyColumn]
  /// The fields, in ascending order of `Field.id`. Neither the key's columns nor `federation` are fields.
  public var fields: [Field]
  /// Fields that win or lose together.
  public var groups: [FieldGroup]
  /// The ids of fields and groups that were removed and are never used again.
  public var retiredFields: [Int]

  public init(
    id: KindID, name: String, title: String = "", recordClass: RecordClass, appendOnly: Bool = false,
    deletion: DeletionRule = .editWins, key: [KeyColumn], fields: [Field], groups: [FieldGroup] = [],
    retiredFields: [Int] = []
  ) {
    self.id = id
    self.name = name
    self.title = title
    self.recordClass = recordClass
    self.appendOnly = appendOnly
    self.deletion = deletion
    self.key = key
    self.fields = fields.sorted { $0.id < $1.id }
    self.groups = groups
    self.retiredFields = retiredFields
  }

  /// The field with that column name, or nil.
  public func field(named name: String) -> Field? { fields.first { $0.name.sameBytes(as: name) } }

  /// The field with that id, or nil.
  public func field(_ id: FieldID) -> Field? { fields.first { $0.id == id } }

  /// The registers in ascending order of their id: each group and each lone shared field once.
  ///
  /// A register is the unit that has heads. Local fields belong to none.
  public var registers: [Register] {
    var found: [Register] = groups.map { group in
      Register(
        id: group.id, name: group.name, rule: group.rule,
        fields: fields.filter { $0.group == group.id && !$0.isLocal })
    }
    for field in fields where field.group == nil && !field.isLocal {
      found.append(Register(id: RegisterID(of: field.id), name: field.name, rule: field.rule, fields: [field]))
    }
    return found.sorted { $0.id < $1.id }
  }
}

/// What a deletion does that meets a concurrent edit.
public enum DeletionRule: String, Sendable, CaseIterable {
  /// The row stays and a conflict opens.
  case editWins = "edit_wins"
  /// The row goes and a conflict opens.
  case deleteWins = "delete_wins"
}

/// One column of a kind's key. Always text in SQLite.
public struct KeyColumn: Sendable, Equatable {
  public var name: String
  public var type: FieldType

  public init(name: String, type: FieldType) {
    self.name = name
    self.type = type
  }
}

/// One column of a kind besides the key and `federation`.
public struct Field: Sendable, Equatable {
  /// Permanent number within the kind, 1 to 61, shared with groups; never used again for another.
  public var id: FieldID
  public var name: String
  public var type: FieldType
  public var rule: MergeRule
  /// The id of the group that the field wins or loses with, or nil.
  public var group: RegisterID?
  /// True for a column of personal data that is never captured, whatever the kind's class.
  public var isLocal: Bool
  /// True for a column that new records should leave empty.
  public var isDeprecated: Bool

  public init(
    id: FieldID, name: String, type: FieldType, rule: MergeRule = .latest, group: RegisterID? = nil,
    isLocal: Bool = false,
    isDeprecated: Bool = false
  ) {
    self.id = id
    self.name = name
    self.type = type
    self.rule = rule
    self.group = group
    self.isLocal = isLocal
    self.isDeprecated = isDeprecated
  }
}

/// Several fields with one head.
public struct FieldGroup: Sendable, Equatable {
  /// A number of the same series as field ids.
  public var id: RegisterID
  public var name: String
  public var rule: MergeRule

  public init(id: RegisterID, name: String, rule: MergeRule) {
    self.id = id
    self.name = name
    self.rule = rule
  }
}

/// A lone field or a group: the unit of merging.
public struct Register: Sendable, Equatable {
  public var id: RegisterID
  public var name: String
  public var rule: MergeRule
  public var fields: [Field]

  public init(id: RegisterID, name: String, rule: MergeRule, fields: [Field]) {
    self.id = id
    self.name = name
    self.rule = rule
    self.fields = fields
  }

  /// True when the register is one set, whose elements merge one by one.
  public var isSet: Bool { fields.count == 1 && fields[0].type == .set }
}

/// What a column may hold.
public enum FieldType: Sendable, Equatable {
  case text
  /// A whole number, within the bounds where they are given.
  case integer(minimum: Int64?, maximum: Int64?)
  /// 0 or 1.
  case boolean
  /// ISO 8601 date, possibly partial (`2021`, `2021-10`), `~` after it meaning approximate (EDTF level 1).
  case date
  /// SDMX time period: `2025`, `2025-S1`, `2025-Q1`, `2025-04`, `2025-W15`.
  case period
  /// One of a listed set.
  case code([String])
  /// The key of another kind, softly: an absent target is reported, never refused.
  case ref(kind: String)
  /// A JSON array of text, sorted, without duplicates.
  case set
  /// Integer minor units of a currency that another column names.
  case money

  /// True when SQLite stores the column as INTEGER, false when as TEXT.
  public var isInteger: Bool {
    switch self {
    case .integer, .boolean, .money: true
    case .text, .date, .period, .code, .ref, .set: false
    }
  }
}

/// How one of several concurrent values is chosen to be shown. None is ever lost.
public enum MergeRule: String, Sendable, CaseIterable {
  /// The latest edit.
  case latest
  /// An edit of the owning federation beats a concurrent one of anyone else.
  case owner
  /// An edit of headquarters beats a concurrent one of anyone else.
  case headquarters
  /// The largest value.
  case max
  /// The smallest value.
  case min
  /// Elements of a set merge one by one.
  case union
  /// The latest is shown provisionally; the field stays flagged until a person decides.
  case review
  /// Set once; a different concurrent value is a `review` conflict.
  case frozen
}

extension String {
  /// Bytewise equality, as SQLite compares. Swift's `==` also holds for canonically equivalent spellings.
  public func sameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
