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
  func statement(_ role: NodeRole, _ catalog: Catalog, _ random: inout SeededRandom) -> String {
    let kinds = catalog.kinds.filter { $0.recordClass != .local }
    // Units and returns are what totals are made of.
    let often = ["org_unit", "membership_return", "agreement"]
    let kind =
      random.chance(75) ? kinds.filter { often.contains($0.name) }[random.below(3)] : random.pick(kinds)
    var owner = role.federation
    if role.isHeadquarters || (manners.oversteps && random.chance(10)) { owner = random.pick(federations) }
    switch random.below(100) {
    case 0..<34: return insertion(kind, owner, role, &random)
    case 34..<73: return update(kind, owner, &random)
    case 73..<84: return "DELETE FROM \(kind.name) WHERE \(whereKey(kind, owner, &random))"
    case 84..<91:
      let key = key(kind, owner, &random)
      let condition = zip(kind.key, key).map { "\($0.name.sql)='\($1)'" }.joined(separator: " AND ")
      return "DELETE FROM \(kind.name) WHERE \(condition); " + insertion(kind, owner, role, &random, key: key)
    case 91..<96:
      let column = kind.key[0].name.sql
      let verb = random.pick(["UPDATE OR REPLACE", "UPDATE OR IGNORE", "UPDATE"])
      let name = self.key(kind, owner, &random)[0]
      return "\(verb) \(kind.name) SET \(column)='\(name)' WHERE \(whereKey(kind, owner, &random))"
    default:
      // A whole column at once.
      guard let field = kind.fields.filter({ !$0.isLocal }).randomElement(using: &random) else { return "SELECT 1" }
      return "UPDATE \(kind.name) SET \(field.name.sql)=\(value(field.type, &random)) WHERE federation='\(owner)'"
    }
  }

  private func insertion(
    _ kind: Kind, _ owner: String, _ role: NodeRole, _ random: inout SeededRandom, key known: [String]? = nil
  ) -> String {
    let key = known ?? self.key(kind, owner, &random)
    var columns = kind.key.map(\.name.sql)
    var values = key.map { "'\($0)'" }
    if !owner.sameBytes(as: role.federation) || random.chance(20) {
      columns.append("federation")
      values.append("'\(owner)'")
    }
    for field in kind.fields where random.chance(45) || (field.rule == .frozen && !manners.typesNonsense) {
      columns.append(field.name.sql)
      // Another value for what is set once would make the statement fail.
      values.append(field.rule == .frozen ? first(field.type) : value(field.type, &random))
    }
    let target = "\(kind.name)(\(columns.joined(separator: ", "))) VALUES(\(values.joined(separator: ", ")))"
    switch random.below(10) {
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

  private func update(_ kind: Kind, _ owner: String, _ random: inout SeededRandom) -> String {
    let fields = kind.fields.shuffled(using: &random).prefix(1 + random.below(3))
    let sets = fields.map { "\($0.name.sql)=\(value($0.type, &random))" }.joined(separator: ", ")
    let condition = random.chance(50) ? whereKey(kind, owner, &random) : "federation='\(owner)'"
    return "UPDATE \(kind.name) SET \(sets) WHERE \(condition)"
  }

  private func whereKey(_ kind: Kind, _ owner: String, _ random: inout SeededRandom) -> String {
    zip(kind.key, key(kind, owner, &random)).map { "\($0.name.sql)='\($1)'" }.joined(separator: " AND ")
  }

  /// One of few keys, so that clerks meet.
  private func key(_ kind: Kind, _ owner: String, _ random: inout SeededRandom) -> [String] {
    kind.key.enumerated().map { number, column in
      if manners.typesNonsense, random.chance(2) { return random.pick(["", "2025-13", "no such", "%/"]) }
      switch column.type {
      case .date: return random.pick(["2025", "2025-10-31"])
      case .period: return random.pick(["2025-W01", "2025-Q2"])
      case .code(let codes): return codes[random.below(min(2, codes.count))]
      default:
        if number > 0 { return "x" }
        return manners.sharesKeys && random.chance(25) ? "shared" : "\(owner)-\(1 + random.below(2))"
      }
    }
  }

  private func first(_ type: FieldType) -> String {
    if case .code(let codes) = type { "'\(codes[codes.count - 1])'" } else { "'a'" }
  }

  private func value(_ type: FieldType, _ random: inout SeededRandom) -> String {
    if random.chance(15) { return "NULL" }
    if manners.typesNonsense, random.chance(8) { return nonsense(type, &random) }
    switch type {
    case .text: return random.pick(["'a'", "'b'", "''", "'Şükrü''s'", "'İ'"])
    case .ref: return random.pick(["'ftuu-1'", "'nowhere'"])
    case .integer: return String(random.pick([0, 1, 5]))
    case .money: return String(random.pick([-3, 0, 1_000_000_007]))
    case .boolean: return String(random.below(2))
    case .date: return random.pick(["'2024'", "'2025-10'", "'2025-11-30'", "'2021~'", "'2026-02-28'"])
    case .period: return random.pick(["'2025'", "'2025-S1'"])
    case .code(let codes): return "'\(codes[codes.count - 1 - random.below(min(3, codes.count))])'"
    case .set: return random.pick(["'[\"x\"]'", "'[\"x\",\"y\"]'", "'[\"y\",\"ığ\"]'", "NULL"])
    }
  }

  private func nonsense(_ type: FieldType, _ random: inout SeededRandom) -> String {
    switch type {
    case .integer, .boolean: return "-7"
    case .money: return "5"
    case .set: return random.pick(["'[]'", "'[\"y\", \"x\", \"x\"]'", "'x'", "'[1]'", "''"])
    case .text, .ref: return random.pick(["'" + String(repeating: "long", count: 40) + "'", "12"])
    default: return random.pick(["'no'", "'2025-02-30'", "''"])
    }
  }
}
