import Foundation
import TestSupport
import Testing

/// `birlik verify --capture` after a program that had switched the triggers off.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct CommandCaptureTests {
  @Test("Edits made with triggers off are listed with 65, captured with --take, and reach headquarters")
  func audit() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")], figures: CommandHeadquarters.published) {
      folder, headquarters in
      try await folder.good("set", "org_unit", "ftuu-1", "name=One", "unit_kind=council", "--database", "uz.db")
      try await headquarters.converge(["uz.db"])
      let sound = try await folder.good("verify", "--capture", "--database", "uz.db")
      #expect(sound.output.hasPrefix("Every edit was captured: "))
      let sql =
        "UPDATE org_unit SET name='Two', unit_kind='sectoral_union' WHERE code='ftuu-1'; INSERT INTO org_unit(code) VALUES('ftuu-2');"
      let edited = try await folder.start(
        "sqlite3", ["-cmd", ".dbconfig enable_trigger off", folder.file("uz.db"), sql]
      ).result()
      #expect(edited.status == 0, "\(edited.errors)")
      #expect(try await folder.good("status", "--database", "uz.db", "--json").json()["unsealed"] == 0)

      let found = try await folder.run("verify", "--capture", "--database", "uz.db", "--json")
      #expect(found.status == 65)
      let report = try found.json()
      #expect(report["ok"] == false)
      #expect(report["differences"]?.elements.map { $0["what"]?.text } == ["edited", "inserted"])
      let field = report["differences"]?[0]?["fields"]?.elements.first { $0["field"] == "name" }
      #expect(field?["old"] == "One" && field?["new"] == "Two")
      let words = try await folder.run("verify", "--capture", "--database", "uz.db")
      #expect(words.status == 65)
      #expect(words.output.contains("name: One → Two"))
      #expect(words.output.contains("--capture --take --database uz.db"))
      #expect(try await folder.run("verify", "--take", "--database", "uz.db").status == 64)

      let taken = try await folder.good("verify", "--capture", "--take", "--database", "uz.db", "--json").json()
      #expect(taken["taken"] == 1 && taken["put_back"] == 1 && taken["ok"] == true)
      #expect(try await folder.good("status", "--database", "uz.db", "--json").json()["unsealed"] == 2)
      try await headquarters.converge(["uz.db"])
      let shown = try await folder.good("show", "org_unit", "ftuu-1", "--database", "hq.db", "--json").json()
      #expect(shown["fields"]?["name"] == "Two")
      #expect(shown["fields"]?["unit_kind"] == "council")
      try await folder.good("show", "org_unit", "ftuu-2", "--database", "hq.db")
      try await folder.good("verify", "--capture", "--database", "hq.db")

      // Triggers that were dropped are mended by whatever opens the file next, which reports it.
      try await folder.sqlite(
        "uz.db", "DROP TRIGGER birlik_org_unit_5; UPDATE org_unit SET name='Three' WHERE code='ftuu-1'")
      let status = try await folder.good("status", "--database", "uz.db", "--json").json()
      #expect(status["unsealed"] == 0 && status["held"] == 1)
      #expect(status["notice"]?.text?.contains("1 record had been edited") == true)
      try await folder.good("sync", "--database", "uz.db")
      let waiting = try await folder.good("show", "org_unit", "ftuu-1", "--database", "hq.db", "--json").json()
      #expect(waiting["fields"]?["name"] == "Two")
      let list = try await folder.good("held", "--database", "uz.db")
      #expect(list.output.contains("org_unit ftuu-1  edited  name: Two → Three  (no trigger saw it)"), "\(list.output)")
      try await folder.good("held", "--confirm", "--database", "uz.db")
      try await headquarters.converge(["uz.db"])
      let third = try await folder.good("show", "org_unit", "ftuu-1", "--database", "hq.db", "--json").json()
      #expect(third["fields"]?["name"] == "Three")

      // What waits because of that is a difference as well, and may be taken.
      try await folder.sqlite(
        "uz.db", "DROP TRIGGER birlik_org_unit_5; UPDATE org_unit SET name='Four' WHERE code='ftuu-1'")
      try await folder.good("sync", "--database", "uz.db")
      #expect(try await folder.run("verify", "--capture", "--database", "uz.db").status == 65)
      try await folder.good("verify", "--capture", "--take", "--database", "uz.db")
      #expect(try await folder.run("verify", "--capture", "--database", "uz.db").status == 0)
      try await headquarters.converge(["uz.db"])
      let fourth = try await folder.good("show", "org_unit", "ftuu-1", "--database", "hq.db", "--json").json()
      #expect(fourth["fields"]?["name"] == "Four")
    }
  }
}
