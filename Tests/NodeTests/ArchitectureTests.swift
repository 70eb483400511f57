import Foundation
import TestSupport
import Testing

/// The page for new engineers names what is there.
struct ArchitectureTests {
  @Test("Every function and type that the page on the architecture names is in the code")
  func namesExist() throws {
    let sources = Repository.folder.appendingPathComponent("Sources")
    let page = try String(
      contentsOf: sources.appendingPathComponent("birlik/birlik.docc/Architecture.md"), encoding: .utf8)
    let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    let code = try files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
      .map { try String(contentsOf: $0, encoding: .utf8) }
    let names = page.matches(of: /`([A-Z][A-Za-z]+)(?:\.([a-z][A-Za-z]+))?`/).map { ($0.1, $0.2) }
    #expect(names.count > 40)
    for (type, member) in names {
      // A type's members are in its own file or in an extension of it.
      let declared = try Regex("\\b(class|struct|enum|extension) \(type)\\b")
      let places = code.filter { $0.contains(declared) }
      let isModule = FileManager.default.fileExists(atPath: sources.appendingPathComponent(String(type)).path)
      #expect(!places.isEmpty || isModule && member == nil, "\(type)")
      guard let member else { continue }
      let has = try Regex("\\b(func|var|let|case) \(member)\\b")
      #expect(places.contains { $0.contains(has) }, "\(type).\(member)")
    }
  }
}
