import CatalogFiles
import Foundation
import SyncCore
import TestSupport
import Testing

/// Every place of personal data holds a value that occurs nowhere else, and nothing that leaves holds any of them.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct MarkedNamesTests {
  private let control = "control-" + UUID().uuidString

  @Test(
    "personal data is in nothing that leaves: neither on the wire, nor in a snapshot, a log, an error or another's file"
  )
  func nothingLeaves() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder, tls: false)
    let server = try folder.start("serve", "--database", "hq.db", "--log-level", "trace")
    defer { server.stop(SIGKILL) }
    try await server.wait(for: "listening on")
    let proxy = try RecordingProxy(to: headquarters.port)
    defer { proxy.stop() }
    try await join(folder, proxy, "uz.db", [])
    var marks = Marks()
    var shared: [String] = []

    try await plant(&marks, folder)
    try await refuseWrong(&marks, folder)
    // Figures are made of what is marked, and everything that may be shown to others is shown.
    try await folder.good("derive", "membership", "--as-of", "2026-09-30", "--database", "uz.db")
    try await folder.good("derive", "consultations", "--period", "2026-10", "--database", "uz.db")
    for arguments in [
      ["egress"], ["egress", "--dry-run"], ["sync", "--dry-run"], ["sync"], ["status"], ["status", "--json"],
      ["verify"],
      ["verify", "--capture"], ["conflicts"], ["inbox"], ["totals"], ["history", "dispute", "d-1"],
      ["export", "dispute", "--shared"], ["export", "dispute", "--shared", "--format", "json"],
      ["export", "membership_return"], ["export", "consultation_count"], ["list", "membership_return"], ["derive"],
    ] {
      let result = try await folder.run(arguments + ["--database", "uz.db"])
      #expect(result.status == 0, "\(arguments) \(result.errors)")
      shared.append(result.output)
    }
    #expect(try await folder.run("export", "member", "--shared", "--database", "uz.db").status == 77)
    try await serve(folder)
    try await lengthen(folder)
    try await join(folder, proxy, "sam.db", ["--office", "Samarkand"])
    try await folder.good("sync", "--database", "sam.db")
    shared.append(try await folder.good("totals", "--database", "hq.db").output)
    server.stop()
    _ = try await server.result()

    try await search(marks, folder, proxy, shared)
  }

  // MARK: What is planted

  private func plant(_ marks: inout Marks, _ folder: CommandFolder) async throws {
    let catalog = try CatalogFolder.load(CommandFolder.catalog)
    try await folder.good("set", "org_unit", "ftuu-1", "name=\(control)", "--database", "uz.db")
    for kind in catalog.kinds {
      let fields = kind.fields.filter { kind.recordClass == .local || $0.isLocal }
      guard !fields.isEmpty else { continue }
      let key = kind.recordClass == .local ? marks.value("\(kind.name) key", .text) ?? "" : "d-1"
      let values = fields.compactMap { field in
        marks.value("\(kind.name).\(field.name)", field.type).map { "\(field.name)=\($0)" }
      }
      // By the command, and once more by another program, so that both are captured or not.
      let set = try await folder.run(["set", kind.name, key] + values + ["--database", "uz.db"])
      #expect(set.status == 0, "\(set.errors)")
      for field in fields where !field.type.isInteger && field.type == .text {
        let again = marks.value("\(kind.name).\(field.name) again", .text) ?? ""
        let names = kind.key.map(\.name)
        try await folder.sqlite("uz.db", "UPDATE \(kind.name) SET \(field.name)='\(again)' WHERE \(names[0])='\(key)'")
      }
    }
    try await folder.good("set", "dispute", "d-1", "area=UZ-AN", "--database", "uz.db")
    try await folder.good(
      "set", "dispute", "d-2", "employer=\(marks.value("dispute deleted", .text) ?? "")", "--database", "uz.db")
    try await folder.good("remove", "dispute", "d-2", "--database", "uz.db")
    try await plantMany(&marks, folder)
  }

  /// Enough of them for figures, a few of which are small.
  private func plantMany(_ marks: inout Marks, _ folder: CommandFolder) async throws {
    var members = "id,name,national_id,birth_date,sex,employment,primary_unit,joined_on\n"
    var files = "id,opened_on,topics,person,summary\n"
    for number in 0..<24 {
      let name = marks.value("imported name", .text) ?? ""
      let born = marks.value("imported birth", .date) ?? ""
      let person = marks.value("imported person", .text) ?? ""
      let sex = number < 3 ? "female" : "male"
      members +=
        "\(marks.value("imported key", .text) ?? ""),\(name),\(name),\(born),\(sex),employee,ftuu-1,2020-01-01\n"
      let topics = number < 15 ? "\"leave;wages\"" : "wages"
      files += "\(marks.value("file key", .text) ?? ""),2026-10-05,\(topics),\(person),\(person)\n"
    }
    let topic = marks.value("a rare topic", .text) ?? ""
    files += "\(marks.value("file key", .text) ?? ""),2026-10-06,\(topic),\(topic),\(topic)\n"
    // A reference is what somebody typed as well.
    for _ in 0..<12 {
      let unit = marks.value("a unit that is none", .text) ?? ""
      members += "\(unit),\(unit),\(unit),,male,,\(unit),2020-01-01\n"
    }
    try folder.write(members, to: "members.csv")
    try folder.write(files, to: "files.csv")
    try await folder.good("import", "member", "members.csv", "--database", "uz.db")
    try await folder.good("import", "case_file", "files.csv", "--database", "uz.db")
  }

  /// Values that are not allowed: errors end in mails and journals.
  private func refuseWrong(_ marks: inout Marks, _ folder: CommandFolder) async throws {
    let wrong = ["birth_date", "left_on", "recovered", "topics", "currency"]
    for field in wrong {
      let kind = ["birth_date", "left_on"].contains(field) ? "member" : "case_file"
      let value = (field == "topics" ? "[" : "") + (marks.value("wrong \(field)", .text) ?? "")
      let result = try await folder.run("set", kind, "x", "\(field)=\(value)", "--database", "uz.db")
      #expect(result.status == 65 && result.errors.contains(field), "\(field): \(result.errors)")
      try folder.write("id,\(field)\n\(marks.value("wrong key", .text) ?? ""),\"\(value)\"\n", to: "wrong-\(field).csv")
      let imported = try await folder.run("import", kind, "wrong-\(field).csv", "--database", "uz.db")
      #expect(imported.status == 65 && imported.errors.contains(field), "\(field): \(imported.errors)")
    }
    let twice = marks.value("a key that stands twice", .text) ?? ""
    try folder.write("id,name\n\(twice),a\n\(twice),b\n", to: "wrong-twice.csv")
    #expect(try await folder.run("import", "member", "wrong-twice.csv", "--database", "uz.db").status == 65)
    // Another program is stopped by the table's own check, which quotes nothing either.
    let money = marks.value("wrong money", .text) ?? ""
    let shell = try await folder.sqlite("uz.db", "UPDATE case_file SET recovered='\(money)'")
    #expect(shell.status != 0)
  }

  // MARK: Others

  private func join(
    _ folder: CommandFolder, _ proxy: RecordingProxy, _ database: String, _ office: [String]
  ) async throws {
    let invitation = try await folder.run(
      ["invite", "ftuu", "--unregistered", "--new", "--url", "http://127.0.0.1:\(proxy.port)", "--database", "hq.db"]
        + office)
    try await folder.good("join", try #require(invitation.lines.first), "--database", database)
  }

  /// The daemon at its most talkative, while rows change.
  private func serve(_ folder: CommandFolder) async throws {
    let daemon = try folder.start("serve", "--database", "uz.db", "--interval", "1", "--log-level", "trace")
    defer { daemon.stop(SIGKILL) }
    try await folder.sqlite("uz.db", "UPDATE member SET left_on='2026'; UPDATE dispute SET area='UZ-SA'")
    try await waitUntil("the changed row comes to headquarters") {
      try await folder.sqlite("hq.db", "SELECT area FROM dispute").output.contains("UZ-SA")
    }
    daemon.stop()
    #expect(try await daemon.result().errors.isEmpty == false)
  }

  /// Makes the log so much longer than its heads that a new node begins from a snapshot.
  private func lengthen(_ folder: CommandFolder) async throws {
    let rows = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n WHERE x<40) "
    try await folder.sqlite("uz.db", rows + "INSERT INTO org_unit(code, remark) SELECT 'ftuu-x-' || x, 'first' FROM n")
    for _ in 0..<5 {
      try await folder.sqlite("uz.db", "UPDATE org_unit SET remark=hex(randomblob(12000)) WHERE code LIKE 'ftuu-x-%'")
      try await folder.good("sync", "--database", "uz.db")
    }
  }

  // MARK: The search

  private func search(_ marks: Marks, _ folder: CommandFolder, _ proxy: RecordingProxy, _ shared: [String]) async throws
  {
    let control = Data(control.utf8)
    func contents(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.file(name))) }
    // The search finds what is there: every mark in the one file that may hold it, the control in all others.
    let home = try contents("uz.db")
    let planted = marks.all.filter { !$0.place.hasPrefix("wrong") && !$0.place.contains("twice") }
    let standing = planted.filter { !$0.place.contains("deleted") && home.range(of: Data($0.text.utf8)) != nil }
    #expect(standing.count > planted.count * 3 / 4 && standing.count > 100, "\(standing.count) of \(planted.count)")
    for name in ["hq.db", "sam.db"] { #expect(try contents(name).range(of: control) != nil, "\(name)") }

    let wire = try proxy.unpacked()
    #expect(wire.changes > 50 && wire.pages > 0, "\(wire.changes) changes, \(wire.pages) pages")
    #expect(wire.bytes.range(of: control) != nil && wire.bytes.range(of: Data("wages".utf8)) != nil)
    #expect(marks.found(in: wire.bytes) == [])
    #expect(marks.found(in: Data(proxy.everything)) == [])

    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      // The file of the data itself, what was typed, and what commands printed for the clerk who typed it.
      let isHome = name == "uz.db" || name.hasPrefix("uz.db-") || name.hasSuffix(".csv") || name.hasSuffix(".out")
      if !isHome { #expect(marks.found(in: try contents(name)) == [], "\(name)") }
    }
    #expect(marks.found(in: Data(shared.joined().utf8)) == [])
    #expect(shared.joined().contains(control: self.control))
    // Beside the plain tables of the personal data nothing of it is in other places of the file: log, heads, captures, what was refused.
    let own = try await folder.sqlite("uz.db", ".dump 'birlik_%'")
    #expect(own.output.contains("birlik_segment"))
    #expect(marks.found(in: Data(own.output.utf8)) == [])
    // Figures came of it all the same.
    let counted = try await folder.sqlite(
      "hq.db", "SELECT members_total, members_women, withheld FROM membership_return WHERE unit='ftuu-1'")
    #expect(counted.output == "24||[\"members_women\"]\n")
    let told = try await folder.sqlite("hq.db", "SELECT topic, consultations, people FROM consultation_count")
    // The rare topic is not named, and takes the smaller of the others with it.
    #expect(told.output == "wages|24|24\n")
  }
}

extension String {
  fileprivate func contains(control: String) -> Bool { Data(utf8).range(of: Data(control.utf8)) != nil }
}
