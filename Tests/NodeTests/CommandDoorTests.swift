import Foundation
import TestSupport
import Testing

/// What is refused at once, what waits for a correction, and the commands that are printed for it, by real processes.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct CommandDoorTests {
  /// Runs a command as it was printed.
  private func run(_ line: Substring?, _ folder: CommandFolder) async throws -> ProgramResult {
    let words = try #require(line)
    #expect(words.hasPrefix("birlik "))
    return try await folder.start(
      "sh", ["-c", "exec '\(CommandFolder.program)' \(words.dropFirst("birlik ".count))"]
    ).result()
  }

  @Test("A client is told at once; what came past the constraints is taken by the printed command")
  func correction() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, headquarters in
      let key = "u/2026-09-30/sectoral"
      try await folder.good(
        "set", "membership_return", key, "members_total=502", "method=dues", "--database", "uz.db")
      let refused = try await folder.sqlite("uz.db", "UPDATE membership_return SET members_total=-4")
      #expect(refused.errors.contains("members_total must be 0 or more"))
      try await headquarters.converge(["uz.db"])
      let past = try await folder.sqlite(
        "uz.db",
        "PRAGMA ignore_check_constraints=1; UPDATE membership_return SET members_total=1210, method='registr'; "
          + "INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('v', '30.09.2026', 'sectoral', 9)")
      #expect(past.status == 0, "\(past.errors)")
      try await headquarters.converge(["uz.db"])
      let shown = try await folder.sqlite("hq.db", "SELECT members_total, method FROM membership_return")
      #expect(shown.output == "502|dues\n")
      #expect(try await folder.good("status", "--database", "uz.db", "--json").json()["refused"] == 2)
      let listed = try await folder.good("inbox", "--database", "uz.db")
      let commands = listed.lines.compactMap { $0.wholeMatch(of: #/  correct    (birlik .*)/#)?.1 }
      #expect(commands.count == 2, "\(listed.output)")
      for command in commands {
        let result = try await run(command, folder)
        #expect(result.status == 0, "\(command): \(result.errors)")
      }
      #expect(try await folder.good("status", "--database", "uz.db", "--json").json()["refused"] == 0)
      try await headquarters.converge(["uz.db"])
      let taken = try await folder.sqlite(
        "hq.db", "SELECT unit, as_of, members_total, method FROM membership_return ORDER BY unit")
      #expect(taken.output == "u|2026-09-30|1210|dues\nv|2026-09-30|9|\n")
      // Nothing is taken twice.
      let again = try await run(commands.first, folder)
      #expect(again.status == 65 && again.errors.contains("no edit waits under the number"))
    }
  }

  @Test("An amount is written and shown in units of its currency, in every command")
  func money() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
      func stored() async throws -> String {
        let rows = try await folder.sqlite("uz.db", "SELECT id, amount, currency FROM aid_operation ORDER BY id")
        return rows.output
      }
      try await folder.good("set", "aid_operation", "a", "amount=1000.00 KZT", "--database", "uz.db")
      try await folder.good("set", "aid_operation", "b", "amount=1000", "currency=JPY", "--database", "uz.db")
      try await folder.good("set", "aid_operation", "c", "amount=-0,05", "currency=UZS", "--database", "uz.db")
      #expect(try await stored() == "a|100000|KZT\nb|1000|JPY\nc|-5|UZS\n")
      try await folder.good("set", "aid_operation", "a", "amount=1000", "--database", "uz.db")
      #expect(try await stored().hasPrefix("a|100000|KZT\n"))
      for wrong in ["amount=10.005", "amount=ten", "amount=5 USD", "amount=1.0.0"] {
        let result = try await folder.run("set", "aid_operation", "a", wrong, "--database", "uz.db")
        #expect(result.status == 65, "\(wrong): \(result.output)")
      }
      #expect(try await folder.good("show", "aid_operation", "a", "--database", "uz.db").output.contains("1000.00 KZT"))
      #expect(try await folder.good("list", "aid_operation", "--database", "uz.db").output.contains("-0.05 UZS"))
      let file = try await folder.good("export", "aid_operation", "--database", "uz.db").output
      #expect(file.contains("1000.00,KZT") && file.contains("1000,JPY") && file.contains("-0.05,UZS"))
      try folder.write(file, to: "aid.csv")
      let imported = try await folder.good("import", "aid_operation", "aid.csv", "--database", "uz.db", "--json").json()
      #expect(imported["unchanged"] == 3)
    }
  }

  @Test("What is printed of an amount stores the same amount when it is run")
  func printedMoney() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, headquarters in
      func stored(_ database: String, _ id: String) async throws -> String {
        try await folder.sqlite(database, "SELECT amount FROM aid_operation WHERE id='\(id)'").output
      }
      func commands(_ label: String, in output: ProgramResult) -> [Substring] {
        output.lines.compactMap { line in
          guard let place = line.firstRange(of: "birlik "), line.hasPrefix("  \(label) ") else { return nil }
          return line[place.lowerBound...]
        }
      }
      try await folder.good("set", "aid_operation", "a", "amount=1000.00 KZT", "--database", "uz.db")
      try await folder.good("set", "aid_operation", "j", "amount=500 JPY", "--database", "uz.db")
      try await headquarters.converge(["uz.db"])
      for (id, ours, theirs) in [("a", "1200", "1300.50"), ("j", "600", "700")] {
        try await folder.good("set", "aid_operation", id, "amount=\(ours)", "--database", "uz.db")
        try await folder.good("set", "aid_operation", id, "amount=\(theirs)", "--database", "hq.db")
      }
      try await headquarters.converge(["uz.db"])
      let conflicts = try await folder.good("conflicts", "--database", "hq.db")
      #expect(conflicts.output.contains("1200.00") && conflicts.output.contains("1300.50"), "\(conflicts.output)")
      #expect(!conflicts.output.contains("120000") && !conflicts.output.contains("130050"))
      let takes = commands("take", in: conflicts)
      #expect(takes.count >= 2, "\(conflicts.output)")
      for command in takes {
        let result = try await run(command, folder)
        #expect(result.status == 0, "\(command): \(result.errors)")
      }
      // Each took the other value, whichever was shown.
      try await headquarters.converge(["uz.db"])
      #expect(["120000\n", "130050\n"].contains(try await stored("uz.db", "a")))
      #expect(["600\n", "700\n"].contains(try await stored("uz.db", "j")))
      let inbox = try await folder.good("inbox", "--all", "--database", "uz.db")
      for command in commands("restore", in: inbox) {
        #expect(
          command.contains(/amount=(1200.00|600)( |$)/) || command.contains(/--take (1200.00|600)( |$)/), "\(command)")
        let result = try await run(command, folder)
        #expect(result.status == 0, "\(command): \(result.errors)")
      }
      #expect(try await ["120000\n", "130050\n"].contains(stored("uz.db", "a")))
      #expect(try await ["600\n", "700\n"].contains(stored("uz.db", "j")))
      let history = try await folder.good("history", "aid_operation", "a", "--database", "uz.db").output
      for amount in ["1000.00", "1200.00", "1300.50"] { #expect(history.contains("amount=\(amount)"), "\(history)") }
      #expect(
        try await folder.good("history", "aid_operation", "j", "--database", "uz.db").output.contains("amount=500 "))

      try await folder.good("set", "aid_operation", "a", "amount=1234.5", "--database", "uz.db")
      let json = try await folder.good("show", "aid_operation", "a", "--database", "uz.db", "--json").output
      #expect(json.contains("\"1234.50\"") && !json.contains("123450"), "\(json)")
      for (condition, count) in [("1234.5", 1), ("1234.50 KZT", 1), ("1234.50 USD", 0), ("123450", 0)] {
        let listed = try await folder.good(
          "list", "aid_operation", "--where", "amount=\(condition)", "--database", "uz.db", "--json")
        #expect(listed.output.contains("1234.50") == (count == 1), "\(condition): \(listed.output)")
      }
      let wrong = try await folder.run("list", "aid_operation", "--where", "amount=much", "--database", "uz.db")
      #expect(wrong.status == 65, "\(wrong.output)")

      try await headquarters.converge(["uz.db"])
      let past = try await folder.sqlite(
        "uz.db", "PRAGMA ignore_check_constraints=1; UPDATE aid_operation SET amount='15,5x' WHERE id='a'")
      #expect(past.status == 0, "\(past.errors)")
      try await headquarters.converge(["uz.db"])
      #expect(try await stored("uz.db", "a") == "123450\n")
      let correct = try #require(
        commands("correct", in: try await folder.good("inbox", "--all", "--database", "uz.db")).first)
      #expect(correct.contains("amount=1234.50"))
      let number = try #require(correct.firstMatch(of: #/correct ([0-9]+)/#)?.1)
      try await folder.good("inbox", "correct", String(number), "amount=15.5", "--database", "uz.db")
      #expect(try await stored("uz.db", "a") == "1550\n")
    }
  }

  @Test("A mistake in what is written once is withdrawn by its owner, with a reason that everybody reads")
  func withdrawal() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu"), .init("tr.db", "fturk")]) { folder, headquarters in
      let key = "u/members/2026/report"
      try await folder.good("set", "figure", key, "value=70", "--database", "uz.db")
      try await headquarters.converge(["uz.db", "tr.db"])
      let others = try await folder.run("withdraw", "figure", key, "--reason", "no", "--database", "tr.db")
      #expect(others.status == 77, "\(others.errors)")
      let removed = try await folder.run("remove", "figure", key, "--database", "uz.db")
      #expect(removed.status == 65 && removed.errors.contains("birlik withdraw figure"))
      let deleted = try await folder.sqlite("uz.db", "DELETE FROM figure")
      #expect(deleted.errors.contains("written once"))
      try await folder.good("withdraw", "figure", key, "--reason", "misprint", "--database", "uz.db")
      try await headquarters.converge(["uz.db", "tr.db"])
      for database in ["uz.db", "hq.db", "tr.db"] {
        #expect(try await folder.sqlite(database, "SELECT count(*) FROM figure").output == "0\n")
        let history = try await folder.good("history", "figure", key, "--database", database).output
        #expect(history.contains("value=70") && history.contains("reason=misprint"))
        try await folder.good("verify", "--database", database)
      }
      // The right one under the same key.
      try await folder.good("set", "figure", key, "value=71", "--database", "uz.db")
      try await headquarters.converge(["uz.db", "tr.db"])
      #expect(try await folder.sqlite("tr.db", "SELECT value FROM figure").output == "71\n")
    }
  }

  @Test("Import refuses by line what could not be sealed")
  func importing() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
      let long = String(repeating: "k", count: 5000)
      let text = """
        code,name,opened_on,federation
        a,One,2026-03-04 00:00:00,ftuu
        \(long),Two,2026,ftuu
        c,Three,04.03.2026,ftuu
        d,Four,2026,Not A Code
        "e\u{7}",Five,2026,ftuu
        """
      try folder.write(text, to: "units.csv")
      let result = try await folder.run("import", "org_unit", "units.csv", "--database", "uz.db")
      #expect(result.status == 65)
      for line in 3...6 { #expect((result.output + result.errors).contains("units.csv:\(line):"), "\(result.errors)") }
      #expect(!(result.output + result.errors).contains("units.csv:2:"))
      try folder.write("code,name,opened_on\na,One,2026-03-04 00:00:00\n", to: "units.csv")
      try await folder.good("import", "org_unit", "units.csv", "--database", "uz.db")
      #expect(try await folder.sqlite("uz.db", "SELECT opened_on FROM org_unit").output == "2026-03-04\n")
      _ = try await folder.good("sync", "--database", "uz.db")
      #expect(try await folder.good("inbox", "--all", "--database", "uz.db").output == "There was nothing.\n")
    }
  }
}
