import Consolidation
import Limits
import SyncCore

/// Keys and references that look alike, which count one thing twice.
///
/// Two passes over the texts of each space: the first keeps a hash of each skeleton, eight bytes; the second reads the texts
/// of those hashes that came twice.
enum LookAlikeKeys: FindingCheck {
  static func find(in transaction: Transaction, into report: inout FindingReport) throws {
    for space in SpellingSpace.all(of: transaction.adopted.tables) {
      for group in try groups(space, transaction.connection, &report) {
        guard !report.isFull(.lookAlikeKeys) else {
          report.count(1, of: .lookAlikeKeys)
          continue
        }
        report.add(try finding(group, space, transaction))
      }
    }
  }

  private static func groups(
    _ space: SpellingSpace, _ connection: Connection, _ report: inout FindingReport
  ) throws -> [[[UInt8]]] {
    var hashes: [UInt64] = []
    try space.each(connection) {
      hashes.append(Skeletons.hash($0))
      return true
    }
    hashes.sort()
    var repeated: Set<UInt64> = []
    for (hash, next) in zip(hashes, hashes.dropFirst()) where hash == next {
      if repeated.contains(hash) { continue }
      // Whoever has so many has one cause for all.
      if repeated.count < StoreLimits.lookAlikesCompared { repeated.insert(hash) }
    }
    hashes = []
    guard !repeated.isEmpty else { return [] }
    var texts: [UInt64: Set<[UInt8]>] = [:]
    try space.each(connection) { bytes in
      let hash = Skeletons.hash(bytes)
      if repeated.contains(hash) { texts[hash, default: []].insert(Array(bytes)) }
      return true
    }
    return texts.values.flatMap { Dictionary(grouping: $0, by: Skeletons.skeleton).values }
      .filter { $0.count > 1 }.map { $0.sorted { $0.lexicographicallyPrecedes($1) } }
      .sorted { ($0.first ?? []).lexicographicallyPrecedes($1.first ?? []) }
  }

  private static func finding(
    _ group: [[UInt8]], _ space: SpellingSpace, _ transaction: Transaction
  ) throws -> Finding {
    let connection = transaction.connection
    let registered = try group.filter { try space.isRegistered($0, connection) }
    // The one of ASCII alone is the likeliest to be typed again.
    let kept =
      (registered.isEmpty ? group : registered).first { $0.allSatisfy { $0 < 0x80 } } ?? registered.first ?? group[0]
    let others = group.filter { $0 != kept }
    var sentence = "\(space.title): " + words([kept] + others)
    var remedy: Finding.Remedy?
    if let other = others.first(where: { !registered.contains($0) }) {
      if space.registered != nil, registered.count < 2 {
        sentence += registered.isEmpty ? "; none of them is registered" : "; only \(text(kept)) is registered"
      }
      if let (use, record) = try space.user(of: other, connection) {
        remedy = try record.rekeying(use.column, to: kept, transaction)
      } else {
        let uses = space.uses.filter { !$0.isIndexed }.prefix(3).map { use in
          let filter = ShellWords.quoted("\(use.column)=\(String(decoding: other, as: UTF8.self))")
          return "birlik list \(use.table.kind.name) --where \(filter)"
        }
        remedy = .advice("write \(text(kept)) where it is meant: \(uses.joined(separator: "; "))")
      }
    } else {
      remedy = .advice(try advice(kept, others.first ?? [], space, transaction))
    }
    return Finding(
      .lookAlikeKeys, kind: space.kind, keys: ([kept] + others).map { String(decoding: $0, as: UTF8.self) }, sentence,
      remedy: remedy)
  }

  /// What to do about two records of which a person alone knows whether they are one.
  private static func advice(
    _ kept: [UInt8], _ other: [UInt8], _ space: SpellingSpace, _ transaction: Transaction
  ) throws -> String {
    let key = ShellWords.quoted(RecordKey(columns: [other]).display)
    var words = "if they mean one thing: "
    if let (use, record) = try space.user(of: other, transaction.connection),
      case .command(let verb, let arguments) = try record.rekeying(use.column, to: kept, transaction),
      let command = ShellWords.command(verb, arguments, options: "")
    {
      words += "\(command) for each record that names \(text(other)), then "
    }
    return words + "birlik remove \(space.kind) \(key); if they mean two: birlik rekey \(space.kind) \(key) NEWKEY"
  }

  /// `A-1 and А-1 look alike: character 1 is U+0041 … in the one and U+0410 … in the other`
  static func words(_ group: [[UInt8]]) -> String {
    let names = group.prefix(5).map(text)
    let list = names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    let rest = group.count > names.count ? " and \(group.count - names.count) more" : ""
    let texts = group.prefix(5).map { String(decoding: $0, as: UTF8.self) }
    let differences = zip(texts, names).dropFirst().compactMap { other, name -> String? in
      guard let first = texts.first, let difference = LookAlike.difference(first, other) else { return nil }
      return texts.count > 2 ? "for \(name) \(difference)" : difference
    }
    return "\(list)\(rest) look alike: " + differences.joined(separator: "; ")
  }

  private static func text(_ bytes: [UInt8]) -> String { KeyText.shown(String(decoding: bytes, as: UTF8.self)) }
}
