import Foundation
import TestSupport
import Testing

/// Every command that the program prints as a remedy works as it is printed: it is put into a shell, as a person does it.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct PrintedCommandTests {
  /// Runs lines of shell on a copy of a node's file, so that each begins where the others did.
  private func shell(_ folder: CommandFolder, _ database: String, _ lines: [String]) async throws -> ProgramResult {
    let script =
      ["birlik() { '\(CommandFolder.program)' \"$@\"; }", "rm -rf copy; mkdir copy; cp \(database)* copy/; cd copy"]
      + ["export BIRLIK_DATABASE='\(database)'"] + lines
    return try await folder.start("sh", ["-c", script.joined(separator: "\n")]).result()
  }

  /// The commands in what the program printed: after its label, or between backticks.
  private func commands(in text: String) -> Set<String> {
    var found: Set<String> = []
    for line in text.split(separator: "\n") {
      let quoted = line.matches(of: #/`(birlik [^`]*)`/#).map { String($0.1) }
      if !quoted.isEmpty {
        found.formUnion(quoted)
      } else if let command = line.firstMatch(of: #/(?:^|\s)(birlik [a-z].*)$/#) {
        found.insert(String(command.1))
      }
    }
    return found
  }

  private static func text(_ bytes: String) -> String {
    "CAST(X'\(bytes.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())' AS TEXT)"
  }

  /// Keys and values that a shell or the command line could take for something else.
  private static let odd = [
    "it's \"so\"", "-dash", "--keep", "two\nlines", "$HOME `id` \\ %s", "тест é", "e\u{301}", "=a=b", "a/b%2F", " ",
    "*",
  ]

  @Test("Every printed way to decide a conflict, or to bring an edit back, does what it says")
  func conflicts() async throws {
    try await CommandHeadquarters.serving([
      .init("uz.db", "ftuu"), .init("sam.db", "ftuu", office: "Samarkand"), .init("tr.db", "fturk"),
    ]) { folder, headquarters in
      try await conflict(folder, headquarters)
      var ran = 0
      for database in ["sam.db", "hq.db", "tr.db"] {
        let listed = try await folder.good("conflicts", "--database", database, "--json").json().elements
        #expect(listed.count >= (database == "tr.db" ? 1 : 20), "\(database)")
        let words = try await folder.good("conflicts", "--database", database)
        let printed = commands(in: words.output)
        for conflict in listed {
          var ways: [(command: String, wanted: Document?)] = []
          if let keep = conflict["commands"]?["keep"]?.text { ways.append((keep, conflict["shown"]?["value"])) }
          for (number, take) in (conflict["commands"]?["take"]?.elements ?? []).enumerated() {
            if let take = take.text { ways.append((take, conflict["others"]?[number]?["value"])) }
          }
          for command in conflict["commands"]?["rekey"]?.elements ?? [] {
            if let command = command.text { ways.append((command, nil)) }
          }
          // Others decide about their own records.
          let isOwn = database != "tr.db" || conflict["federation"] == "fturk"
          #expect(isOwn || conflict["field"] == "(key)" || ways.isEmpty)
          for (command, wanted) in ways {
            #expect(printed.contains(command), "\(command)")
            try await check(command, of: conflict, wanted, folder, database)
            ran += 1
          }
        }
      }
      #expect(ran > 50)
      try await restore(folder, headquarters)
      try await headquarters.converge(["uz.db", "sam.db", "tr.db"])
    }
  }

  private func check(
    _ command: String, of conflict: Document, _ wanted: Document?, _ folder: CommandFolder, _ database: String
  ) async throws {
    let result = try await shell(
      folder, database, ["\(command) >/dev/null || exit 1", "birlik conflicts --json", "birlik list org_unit --json"])
    #expect(result.status == 0, "\(database): \(command)\n\(result.errors)")
    let documents = result.output.components(separatedBy: "\n[")
    guard documents.count == 2, let left = try? JSONDecoder().decode(Document.self, from: Data(documents[0].utf8)),
      let records = try? JSONDecoder().decode(Document.self, from: Data(("[" + documents[1]).utf8))
    else {
      Issue.record("\(command): \(result.output.prefix(300))")
      return
    }
    let isOpen = left.elements.contains { other in
      ["kind", "key", "field", "federation"].allSatisfy { other[$0] == conflict[$0] }
    }
    #expect(!isOpen, "\(command) leaves it open")
    guard conflict["kind"] == "org_unit", let field = conflict["field"]?.text, let wanted,
      !field.contains(where: { "[(".contains($0) })
    else { return }
    let record = records.elements.first {
      $0["key"] == conflict["key"] && $0["fields"]?["federation"] == conflict["federation"]
    }
    #expect(record?["fields"]?[field] == wanted, "\(command)")
  }

  /// Makes conflicts of every sort, over every value that is hard to write.
  private func conflict(_ folder: CommandFolder, _ headquarters: CommandHeadquarters) async throws {
    // What the tables refuse at the door needs no remedy: the shell goes on after it.
    func type(_ database: String, _ statements: [String]) async throws {
      let script = statements.map { $0 + ";\n" }.joined()
      _ = try await folder.start(
        "sqlite3", ["-cmd", ".timeout 10000", folder.file(database)], input: script
      ).result()
    }
    try await type(
      "uz.db",
      [
        "INSERT INTO org_unit(code) VALUES('empty'), ('null'), ('set'), ('frozen'), ('gone'), ('kept'), ('group')",
        "UPDATE org_unit SET activity='[\"A\",\"it''s\"]', name='x' WHERE code IN ('set', 'null')",
        "INSERT INTO membership_return(unit, as_of, axis) VALUES('group', '2025-10-31', 'territorial')",
      ] + Self.odd.map { "INSERT INTO org_unit(code) VALUES(\(Self.text($0)))" })
    try await headquarters.converge(["uz.db", "sam.db", "tr.db"])
    for (number, database) in ["uz.db", "sam.db"].enumerated() {
      let values = Self.odd.enumerated().map { index, key in
        "UPDATE org_unit SET name=\(Self.text(number == 0 ? key : "x" + key)), "
          + "remark=\(Self.text(number == 0 ? "y" : Self.odd[Self.odd.count - 1 - index])) WHERE code=\(Self.text(key))"
      }
      let isFirst = number == 0
      try await type(
        database,
        values + [
          "UPDATE org_unit SET name='\(isFirst ? "full" : "")' WHERE code='empty'",
          "UPDATE org_unit SET name=\(isFirst ? "'y'" : "NULL") WHERE code='null'",
          "UPDATE org_unit SET unit_kind='\(isFirst ? "council" : "sectoral_union")' WHERE code='frozen'",
          "UPDATE membership_return SET members_total=\(isFirst ? 5 : 6)",
          isFirst
            ? "DELETE FROM org_unit WHERE code IN ('gone', 'kept')" : "UPDATE org_unit SET name='z' WHERE code='gone'",
          isFirst
            ? "UPDATE org_unit SET name='q' WHERE code='set'" : "UPDATE org_unit SET remark='k' WHERE code='kept'",
          "UPDATE org_unit SET activity='\(isFirst ? "[\"it''s\"]" : "[\"A\"]")' WHERE code='set'",
          "INSERT INTO org_unit(code, name) VALUES('both \(number)', 'of ftuu')",
        ])
    }
    try await type("tr.db", ["INSERT INTO org_unit(code, name) VALUES('both 0', 'of fturk'), ('both 1', 'of fturk')"])
    try await headquarters.converge(["uz.db", "sam.db", "tr.db"])
  }

  /// Decides everything at one node against the other, and lets the other bring its edits back as it is told to.
  private func restore(_ folder: CommandFolder, _ headquarters: CommandHeadquarters) async throws {
    for conflict in try await folder.good("conflicts", "--database", "uz.db", "--json").json().elements {
      let others = conflict["others"]?.elements ?? []
      guard let number = others.firstIndex(where: { $0["node"] == "ftuu" }),
        let take = conflict["commands"]?["take"]?[number]?.text
      else { continue }
      let line = "birlik() { '\(CommandFolder.program)' \"$@\"; }\n\(take)"
      #expect(try await folder.start("sh", ["-c", line]).result().status == 0, "\(take)")
    }
    try await headquarters.converge(["uz.db", "sam.db", "tr.db"])
    for database in ["sam.db", "uz.db", "tr.db", "hq.db"] {
      let inbox = try await folder.good("inbox", "--all", "--peek", "--each", "--database", database)
      let printed = commands(in: inbox.output)
      // The office's edits lost.
      #expect(database != "sam.db" || printed.count > 10, "\(printed)")
      for command in printed {
        let result = try await shell(folder, database, [command])
        #expect(result.status == 0, "\(database): \(command)\n\(result.errors)")
      }
    }
  }

  @Test("Every command that lists, states and reports name works as it is printed")
  func reports() async throws {
    try await CommandHeadquarters.serving([
      .init("uz.db", "ftuu"), .init("sam.db", "ftuu", office: "Samarkand"), .init("tr.db", "fturk"),
    ]) { folder, headquarters in
      try await conflict(folder, headquarters)
      _ = try await folder.sqlite("tr.db", "UPDATE org_unit SET remark='t' WHERE federation='ftuu'")
      _ = try await folder.sqlite("tr.db", "DELETE FROM org_unit WHERE code='set'")
      _ = try await folder.run("sync", "--database", "tr.db")
      var ran = 0
      for database in ["uz.db", "sam.db", "tr.db", "hq.db"] {
        let asked = [
          ["status"], ["sync"], ["conflicts"], ["inbox", "--peek"], ["inbox", "--peek", "--each"],
          ["list", "org_unit"],
          ["show", "org_unit", "both 0"], ["show", "org_unit", "-dash"], ["verify"], ["egress", "--dry-run"], ["nodes"],
        ]
        var printed: Set<String> = []
        for arguments in asked {
          let words =
            arguments.contains("-dash")
            ? [arguments[0], "--database", database, "--"] + arguments.dropFirst()
            : arguments + ["--database", database]
          let result = try await folder.run(words)
          printed.formUnion(commands(in: result.output + "\n" + result.errors))
        }
        for command in printed {
          // A daemon does not end.
          if command.hasPrefix("birlik serve") { continue }
          let result = try await shell(folder, database, [command])
          // `check` ends with 65 where it found what it was printed for.
          let allowed: [Int32] = command.hasPrefix("birlik check") ? [0, 65] : [0]
          #expect(allowed.contains(result.status), "\(database): \(command)\n\(result.errors)")
          ran += 1
        }
      }
      #expect(ran > 40)
    }
  }
}
