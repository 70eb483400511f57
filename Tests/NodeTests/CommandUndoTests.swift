import Foundation
import TestSupport
import Testing

/// Mistakes and the ways back, by real processes.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct CommandUndoTests {
  private static let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<150)"

  @Test("A bulk deletion waits until it is confirmed or put back; sync and status say so")
  func held() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, headquarters in
      _ = try await folder.sqlite(
        "uz.db", "\(Self.rows) INSERT INTO org_unit(code, name) SELECT 'ftuu-' || i, 'n' FROM n")
      _ = try await folder.good("sync", "--database", "uz.db")
      _ = try await folder.sqlite(
        "uz.db", "DELETE FROM org_unit WHERE code<>'ftuu-1'; INSERT INTO org_unit(code) VALUES('x')")
      let trial = try await folder.good("sync", "--dry-run", "--database", "uz.db")
      #expect(trial.output.contains("149 records would not be sent until you confirm them"), "\(trial.output)")
      let sync = try await folder.good("sync", "--database", "uz.db")
      #expect(sync.output.contains("sent 1 change"), "\(sync.output)")
      #expect(sync.output.contains("Edits of 149 records are not sent until you confirm them: see `birlik held`."))
      #expect(try await folder.good("sync", "--database", "uz.db", "--json").json()["held"] == 149)
      let status = try await folder.good("status", "--database", "uz.db")
      #expect(status.output.contains("edits of 149 records, not sent until you confirm them"), "\(status.output)")
      #expect(try await folder.good("status", "--database", "uz.db", "--json").json()["held"] == 149)
      let list = try await folder.good("held", "--database", "uz.db")
      #expect(list.output.contains("org_unit: 149 deleted"), "\(list.output)")
      #expect(list.output.contains("org_unit ftuu-10  deleted  name=n"))
      #expect(try await folder.sqlite("hq.db", "SELECT count(*) FROM org_unit").output == "151\n")

      let one = try await folder.good("held", "org_unit", "ftuu-10", "--put-back", "--database", "uz.db")
      #expect(one.output == "Put back: 1 record.\n")
      let confirm = try #require(list.output.firstMatch(of: #/`birlik (held --confirm[^`]*)`/#)?.1)
      let shell = try await folder.start("sh", ["-c", "exec '\(CommandFolder.program)' \(confirm)"]).result()
      #expect(shell.output.contains("The edits of 148 records are final."), "\(shell.output) \(shell.errors)")
      let done = try await folder.good("sync", "--database", "uz.db")
      #expect(done.output.contains("sent 148 changes"), "\(done.output)")
      #expect(try await folder.sqlite("hq.db", "SELECT count(*) FROM org_unit").output == "3\n")
      #expect(try await folder.good("held", "--database", "uz.db").output == "Nothing waits for you.\n")
      let none = try await folder.run("held", "org_unit", "ftuu-10", "--confirm", "--database", "uz.db")
      #expect(none.status == 65, "\(none.errors)")
      try await headquarters.converge(["uz.db"])
    }
  }

  @Test("An import, a sync and everything since a time are undone; sync says how many records it deleted")
  func undo() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu"), .init("sam.db", "ftuu", office: "Sam")]) {
      folder, headquarters in
      try await folder.good("set", "org_unit", "ftuu-1", "name=One", "--database", "uz.db")
      try await folder.good("sync", "--database", "uz.db")
      try folder.write("code,name\nftuu-1,Wrong\nftuu-2,New\n", to: "units.csv")
      try await folder.good("import", "org_unit", "units.csv", "--database", "uz.db")
      try await folder.good("sync", "--database", "uz.db")
      try await folder.good("sync", "--database", "sam.db")
      let trial = try await folder.good("undo", "--last-import", "--dry-run", "--database", "uz.db")
      #expect(
        trial.output.contains("Would undo edits of 2 records: 1 as before, 0 back, 1 deleted."), "\(trial.output)")
      #expect(trial.output.contains("org_unit ftuu-1  name: Wrong → One"))
      let undone = try await folder.good("undo", "--last-import", "--database", "uz.db", "--json").json()
      #expect(undone["undone"]?.elements.count == 2)
      let sync = try await folder.good("sync", "--database", "uz.db")
      #expect(sync.output.contains("1 record deleted here"), "\(sync.output)")
      let other = try await folder.good("sync", "--database", "sam.db", "--json").json()
      #expect(other["deleted"]?["received"] == 1)
      #expect(try await folder.sqlite("sam.db", "SELECT code, name FROM org_unit").output == "ftuu-1|One\n")

      try await folder.good("remove", "org_unit", "ftuu-1", "--database", "sam.db")
      try await folder.good("sync", "--database", "sam.db")
      let back = try await folder.good("undo", "--last-sync", "--database", "sam.db")
      #expect(back.output.contains("1 back"), "\(back.output)")
      let day = try await folder.good("undo", "--since", "2020-01-01 10:00", "--dry-run", "--database", "sam.db")
      #expect(day.output.contains("Nothing is undone."), "\(day.output)")
      try await headquarters.converge(["sam.db", "uz.db"])
      #expect(try await folder.sqlite("hq.db", "SELECT code, name FROM org_unit").output == "ftuu-1|One\n")
      let usage = try await folder.run("undo", "--since", "yesterday", "--database", "uz.db")
      #expect(usage.status == 64 && usage.errors.contains("is not a time"), "\(usage.errors)")
      #expect(try await folder.run("undo", "--database", "uz.db").status == 64)
    }
  }
}
