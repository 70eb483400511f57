import Foundation
import ShippedFiles
import SyncCore
import TestSupport
import Testing

@testable import CatalogFiles

/// What the program contains is what the folders of the repository hold.
@Suite struct ShippedFilesTests {
  @Test(
    "Every file of Config/catalog and of Config/otuts is in the program, byte for byte",
    arguments: ["catalog", "otuts"])
  func embedded(name: String) throws {
    let folder = Repository.config.appendingPathComponent(name)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    let files = name == "catalog" ? ShippedFiles.catalog : ShippedFiles.figures
    #expect(files.map(\.name) == names && names.count > 5)
    for file in files {
      #expect(try Array(Data(contentsOf: folder.appendingPathComponent(file.name))) == file.bytes, "\(file.name)")
    }
  }

  @Test("The program's catalog is that of the folder, and is written as it is")
  func catalog() throws {
    let shipped = try CatalogFolder.shipped()
    #expect(try shipped == CatalogFolder.load(Repository.catalog))
    let folder = try TemporaryFolder()
    #expect(try CatalogFolder.writeShipped(to: folder.file("copy")).count == ShippedFiles.catalog.count)
    #expect(try CatalogFolder.load(folder.file("copy")) == shipped)
    #expect(throws: (any Error).self) { try CatalogFolder.writeShipped(to: folder.file("copy")) }
  }
}
