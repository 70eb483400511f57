import SyncCore
import TestSupport

@testable import Store

/// Types random statements into the tables of a catalog, as people and their tools do.
struct Clerk {
  /// What a run of the test lets clerks do.
  struct Manners {
    /// Values that the catalog does not allow.
    var typesNonsense = false
    /// Records of others.
    var oversteps = false
    /// Keys that two owners use.
    var sharesKeys = false
  }

  let federations: [String]
  let manners: Manners

  /// One statement for a node's clerk.
  func statement(_ role: NodeRole, _ catalog: Catalog, _ dice: inout SeededRandom) -> String {
    let kinds = catalog.kinds.filter { $0.recordClass != .local }
    // Units and returns are what totals are made of.
    let often = ["org_unit", "membership_return", "agreement"]
    let kind =
      dice.chance(75) ? kinds.filter { often.contains($0.name) }[dice.below(3)] : dice.pick(kinds)
    var owner = role.federation
    if role.isHeadquarters || (manners.oversteps && dice.chance(10)) { owner = dice.pick(federations) }
    switch dice.below(100) {
    case 0..<34: return insertion(kind, owner, role, &dice)
    case 34..<73: return update(kind, owner, &dice)
    case 73..<84: return "DELETE FROM \(kind.name) WHERE \(whereKey(kind, owner, &dice))"
    case 84..<91:
      let key = key(kind, owner, &dice)
      let condition = zip(kind.key, key).map { "\($0.name.sql)='\($1)'" }.joined(separator: " AND ")
      return "DELETE FROM \(kind.name) WHERE \(condition); " + insertion(kind, owner, role, &dice, key: key)
    case 91..<96:
      let column = kind.key[0].name.sql
      let verb = dice.pick(["UPDATE OR REPLACE", "UPDATE OR IGNORE", "UPDATE"])
      let name = self.key(kind, owner, &dice)[0]
      return "\(verb) \(kind.name) SET \(column)='\(name)' WHERE \(whereKey(kind, owner, &dice))"
    default:
      // A whole column at once.
      guard let field = kind.fields.filter({ !$0.isLocal }).randomElement(using: &dice) else { return "SELECT 1" }
      return "UPDATE \(kind.name) SET \(field.name.sql)=\(value(field.type, &dice)) WHERE federation='\(owner)'"
    }
  }

  private func insertion(
    _ kind: Kind, _ owner: String, _ role: NodeRole, _ dice: inout SeededRandom, key known: [String]? = nil
  ) -> String {
    let key = known ?? self.key(kind, owner, &dice)
    var columns = kind.key.map(\.name.sql)
    var values = key.map { "'\($0)'" }
    if !owner.sameBytes(as: role.federation) || dice.chance(20) {
      columns.append("federation")
      values.append("'\(owner)'")
    }
    for field in kind.fields where dice.chance(45) || (field.rule == .frozen && !manners.typesNonsense) {
      columns.append(field.name.sql)
      // Another value for what is set once would make the statement fail.
      values.append(field.rule == .frozen ? first(field.type) : value(field.type, &dice))
    }
    let target = "\(kind.name)(\(columns.joined(separator: ", "))) VALUES(\(values.joined(separator: ", ")))"
    switch dice.below(10) {
    case 0..<5: return "INSERT INTO \(target)"
    case 5..<7: return "INSERT OR REPLACE INTO \(target)"
    case 7: return "INSERT OR IGNORE INTO \(target)"
    default:
      let others = columns.dropFirst(kind.key.count).filter { $0 != "federation" }
      guard !others.isEmpty else { return "INSERT INTO \(target) ON CONFLICT DO NOTHING" }
      return "INSERT INTO \(target) ON CONFLICT(\(kind.key.map(\.name.sql).joined(separator: ", "))) DO UPDATE SET "
        + others.map { "\($0)=excluded.\($0)" }.joined(separator: ", ")
    }
  }

  private func update(_ kind: Kind, _ owner: String, _ dice: inout SeededRandom) -> String {
    let fields = kind.fields.shuffled(using: &dice).prefix(1 + dice.below(3))
    let sets = fields.map { "\($0.name.sql)=\(value($0.type, &dice))" }.joined(separator: ", ")
    let condition = dice.chance(50) ? whereKey(kind, owner, &dice) : "federation='\(owner)'"
    return "UPDATE \(kind.name) SET \(sets) WHERE \(condition)"
  }

  private func whereKey(_ kind: Kind, _ owner: String, _ dice: inout SeededRandom) -> String {
    zip(kind.key, key(kind, owner, &dice)).map { "\($0.name.sql)='\($1)'" }.joined(separator: " AND ")
  }

  /// One of few keys, so that clerks meet.
  private func key(_ kind: Kind, _ owner: String, _ dice: inout SeededRandom) -> [String] {
    kind.key.enumerated().map { number, column in
      if manners.typesNonsense, dice.chance(2) { return dice.pick(["", "2025-13", "no such", "%/"]) }
      switch column.type {
      case .date: return dice.pick(["2025", "2025-10-31"])
      case .period: return dice.pick(["2025-W01", "2025-Q2"])
      case .code(let codes): return codes[dice.below(min(2, codes.count))]
      default:
        if number > 0 { return "x" }
        return manners.sharesKeys && dice.chance(25) ? "shared" : "\(owner)-\(1 + dice.below(2))"
      }
    }
  }

  private func first(_ type: FieldType) -> String {
    if case .code(let codes) = type { "'\(codes[codes.count - 1])'" } else { "'a'" }
  }

  private func value(_ type: FieldType, _ dice: inout SeededRandom) -> String {
    if dice.chance(15) { return "NULL" }
    if manners.typesNonsense, dice.chance(8) { return nonsense(type, &dice) }
    switch type {
    case .text: return dice.pick(["'a'", "'b'", "''", "'Şükrü''s'", "'İ'"])
    case .ref: return dice.pick(["'ftuu-1'", "'nowhere'"])
    case .integer: return String(dice.pick([0, 1, 5]))
    case .money: return String(dice.pick([-3, 0, 1_000_000_007]))
    case .boolean: return String(dice.below(2))
    case .date: return dice.pick(["'2024'", "'2025-10'", "'2025-11-30'", "'2021~'", "'2026-02-28'"])
    case .period: return dice.pick(["'2025'", "'2025-S1'"])
    case .code(let codes): return "'\(codes[codes.count - 1 - dice.below(min(3, codes.count))])'"
    case .set: return dice.pick(["'[\"x\"]'", "'[\"x\",\"y\"]'", "'[\"y\",\"ığ\"]'", "NULL"])
    }
  }

  private func nonsense(_ type: FieldType, _ dice: inout SeededRandom) -> String {
    switch type {
    case .integer, .boolean: return "-7"
    case .money: return "5"
    case .set: return dice.pick(["'[]'", "'[\"y\", \"x\", \"x\"]'", "'x'", "'[1]'", "''"])
    case .text, .ref: return dice.pick(["'" + String(repeating: "long", count: 40) + "'", "12"])
    default: return dice.pick(["'no'", "'2025-02-30'", "''"])
    }
  }
}
