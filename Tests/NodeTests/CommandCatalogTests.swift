import Foundation
import TestSupport
import Testing

/// A new catalog from headquarters to offices that were away, with real processes.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct CommandCatalogTests {
  /// The shipped catalog in the folder `catalog`, at the next version.
  private func copyCatalog(_ folder: CommandFolder) throws {
    try FileManager.default.copyItem(atPath: CommandFolder.catalog, toPath: folder.file("catalog"))
    try replace("catalog/catalog.toml", "version = 1", "version = 2", folder)
  }

  private func replace(_ name: String, _ old: String, _ new: String, _ folder: CommandFolder) throws {
    let text = try String(contentsOfFile: folder.file(name), encoding: .utf8)
    #expect(text.contains(old), "\(name) has no \(old)")
    try folder.write(text.replacing(old, with: new), to: name)
  }

  private static let name = "name              = { id = 5, type = \"text\" }"

  @Test("Headquarters publishes, nodes follow at their next exchange, and what was typed with either catalog is kept")
  func evolution() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder, figures: [])
    let server = try await headquarters.serve()
    defer { server.stop(SIGKILL) }
    try await headquarters.join("uz.db", "ftuu")
    try await headquarters.join("sam.db", "ftuu", office: "Samarkand")
    try await folder.good("set", "org_unit", "ftuu-1", "name=One", "remark=old", "--database", "uz.db")
    try await headquarters.converge(["uz.db", "sam.db"])

    try copyCatalog(folder)
    try replace(
      "catalog/organizations.toml", Self.name,
      Self.name + "\nphone = { id = 20, type = \"text\" }\nlanguages = { id = 21, type = \"set\" }", folder)
    try replace(
      "catalog/organizations.toml", "remark            = { id = 12, type = \"text\" }",
      "remark            = { id = 12, type = \"text\", deprecated = true }", folder)
    try replace(
      "catalog/organizations.toml", "[\"member\", \"observer\", \"none\"]",
      "[\"member\", \"observer\", \"none\", \"partner\"]",
      folder)
    try folder.write(
      "[facility]\nid = 500\ntitle = \"Facilities\"\nclass = \"everyone\"\n[facility.fields]\nname = { id = 1, type = \"text\" }\n",
      to: "catalog/facilities.toml")

    let before = try Data(contentsOf: URL(fileURLWithPath: folder.file("hq.db")))
    let dryRun = try await folder.good("catalog", "publish", "catalog", "--dry-run", "--database", "hq.db", "--json")
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("hq.db"))) == before)
    let words = try #require(try dryRun.json()["changes"]).elements.compactMap { $0["words"]?.text }
    #expect(words.contains { $0.hasPrefix("the kind is added") })
    #expect(words.contains("the column phone (text) is added"))
    #expect(words.contains("the column membership_status allows the code partner as well"))
    #expect(words.contains("the column remark is deprecated: new records should leave it empty"))
    #expect(try dryRun.json()["published"] == false && dryRun.json()["to"] == 2)
    let published = try await folder.good("catalog", "publish", "catalog", "--database", "hq.db")
    #expect(published.output.contains("warning: The column `remark` of the kind `org_unit` is deprecated"))
    #expect(published.output.contains("Version 2 is published"))
    #expect(
      try await folder.good("catalog", "publish", "catalog", "--database", "hq.db").output.contains("in use already"))

    // The office is away and edits with the old catalog; headquarters edits what is new while its server runs.
    try await folder.good("set", "org_unit", "ftuu-1", "area=UZ-SA", "--database", "sam.db")
    try await folder.good(
      "set", "org_unit", "ftuu-1", "phone=+998", "languages=uz;kaa", "membership_status=partner", "--database", "hq.db")
    try await folder.good("set", "facility", "f-1", "name=Rest", "federation=ftuu", "--database", "hq.db")
    let sync = try await folder.good("sync", "--database", "uz.db")
    #expect(sync.errors.contains("the catalog is now version 2"))
    try await folder.good("set", "facility", "f-1", "name=Rest house", "--database", "uz.db")
    try await headquarters.converge(["sam.db", "uz.db"])
    for node in ["hq.db", "uz.db", "sam.db"] {
      let fields = try await folder.good("show", "org_unit", "ftuu-1", "--database", node, "--json").json()["fields"]
      #expect(fields?["phone"] == "+998" && fields?["area"] == "UZ-SA" && fields?["remark"] == "old", "\(node)")
      #expect(fields?["languages"] == .array(["kaa", "uz"]))
      #expect(fields?["membership_status"] == "partner")
      let facility = try await folder.good("show", "facility", "f-1", "--database", node, "--json").json()["fields"]
      #expect(facility?["name"] == "Rest house")
      let history = try await folder.good("history", "org_unit", "ftuu-1", "--database", node, "--json").json()
      #expect(history.elements.count == 3, "\(node): nothing was back-filled")
      try await folder.good("verify", "--capture", "--database", node)
    }
    try await checkDeprecated(folder)
  }

  private func checkDeprecated(_ folder: CommandFolder) async throws {
    let held = try await folder.good("show", "org_unit", "ftuu-1", "--database", "uz.db")
    #expect(held.output.contains("remark"))
    try await folder.good("set", "org_unit", "ftuu-2", "name=Two", "--database", "uz.db")
    let empty = try await folder.good("show", "org_unit", "ftuu-2", "--database", "uz.db")
    #expect(!empty.output.contains("remark"))
    let filled = try await folder.good("set", "org_unit", "ftuu-2", "remark=x", "--database", "uz.db")
    #expect(filled.errors.contains("remark is deprecated"))
    let template = try await folder.good("import", "org_unit", "--template", "--database", "uz.db")
    #expect(template.output.hasPrefix("code,unit_kind,"))
    #expect(template.output.contains(",phone") && !template.output.contains("remark"))
    #expect(try await folder.run("import", "nowhere", "--template", "--database", "uz.db").status == 65)
  }

  @Test(
    "What would break records is refused with the way to do it",
    arguments: [
      ["website           = { id = 6, type = \"text\" }\n", "", "is not retired", "deprecated = true"],
      [
        "area              = { id = 3, type = \"text\" }", "area              = { id = 3, type = \"date\" }",
        "changes its type", "add a new column",
      ],
      ["website           = { id = 6", "webpage           = { id = 6", "is reused", "new id"],
      [
        "class = \"everyone\"\nkey = [\"code\"]", "class = \"federation\"\nkey = [\"code\"]", "changes its class",
        "Keep",
      ],
      [
        "website           = { id = 6, type = \"text\" }",
        "website           = { id = 6, type = \"text\", rule = \"owner\" }",
        "changes its rule", "add a new column",
      ],
    ])
  func refused(_ step: [String]) async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    _ = try await CommandHeadquarters.make(in: folder, figures: [])
    try copyCatalog(folder)
    try replace("catalog/organizations.toml", step[0], step[1], folder)
    let before = try Data(contentsOf: URL(fileURLWithPath: folder.file("hq.db")))
    let result = try await folder.run("catalog", "publish", "catalog", "--database", "hq.db", "--json")
    #expect(result.status == 65)
    let finding = try result.json()["findings"]?[0]
    #expect(finding?["message"]?.text?.contains(step[2]) == true, "\(result.output)")
    #expect(finding?["hint"]?.text?.contains(step[3]) == true, "\(result.output)")
    #expect(try result.json()["published"] == false)
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("hq.db"))) == before)
  }

  @Test("Only headquarters publishes, and only a higher version")
  func whoAndWhich() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
      try copyCatalog(folder)
      #expect(try await folder.run("catalog", "publish", "catalog", "--database", "uz.db").status == 77)
      try replace("catalog/catalog.toml", "version = 2", "version = 1", folder)
      try replace("catalog/organizations.toml", "Organizations and their units", "Organizations", folder)
      let same = try await folder.run("catalog", "publish", "catalog", "--database", "hq.db")
      #expect(same.status == 65)
      #expect(same.output.contains("Raise it to 2"))
    }
  }
}
