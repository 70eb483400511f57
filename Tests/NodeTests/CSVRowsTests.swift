import Foundation
import Store
import TestSupport
import Testing

@testable import Node

/// Reading CSV files as spreadsheets and people write them.
@Suite struct CSVRowsTests {
  private func read(_ bytes: [UInt8]) throws -> (header: [String], rows: [ImportRow], problems: [Int: String]) {
    let folder = try TemporaryFolder()
    let reader = try CSVRows(path: folder.write(bytes, to: "rows.csv"))
    var rows: [ImportRow] = []
    while let row = try reader.next() { rows.append(row) }
    #expect(reader.bytesRead == bytes.count)
    return (reader.header, rows, reader.problems)
  }

  private func cells(_ text: String) throws -> [[String]] { try read(Array(text.utf8)).rows.map(\.texts) }

  @Test("Delimiters are recognized by the header", arguments: [",", ";", "\t"])
  func delimiters(_ delimiter: String) throws {
    let text = ["\"a,;\"", "b", "c"].joined(separator: delimiter) + "\n" + ["1", "", "3"].joined(separator: delimiter)
    let file = try read(Array(text.utf8))
    #expect(file.header == ["a,;", "b", "c"])
    #expect(file.rows.map(\.texts) == [["1", "", "3"]])
  }

  @Test("Line ends of all systems, blank lines and empty rows", arguments: ["\n", "\r\n", "\r"])
  func lineEnds(_ end: String) throws {
    let text = ["a,b", "1,2", "", ",", "\"x\(end)y\",4", "5,"].joined(separator: end)
    let file = try read(Array(text.utf8))
    #expect(file.rows.map(\.texts) == [["1", "2"], ["x\(end)y", "4"], ["5", ""]])
    #expect(file.rows.map(\.line) == [2, 5, 7])
  }

  @Test("Quotes hold delimiters, line ends and quotes")
  func quotes() throws {
    #expect(try cells("a,b\n\"1,\"\"2\"\"\",\"x\ny\"\n\"\",z\n") == [["1,\"2\"", "x\ny"], ["", "z"]])
    #expect(try cells("a\n\"  two  \"\n  one\n") == [["  two  "], ["one"]])
  }

  @Test("Characters that join with a delimiter, a quote or a line end do not")
  func joiningCharacters() throws {
    let text = "a,b\n\u{301}x,\u{200D}y\n\"\u{301}\",z\u{2028}z\n"
    #expect(try cells(text) == [["\u{301}x", "\u{200D}y"], ["\u{301}", "z\u{2028}z"]])
    #expect(try cells("a,b\nİı ŞşĞğ,Ўўқ\u{B}\u{C}\u{1}\n") == [["İı ŞşĞğ", "Ўўқ\u{B}\u{C}\u{1}"]])
  }

  @Test("A byte order mark belongs to no column")
  func byteOrderMark() throws {
    #expect(try read([0xEF, 0xBB, 0xBF] + Array("a,b\n1,2".utf8)).header == ["a", "b"])
    #expect(throws: NodeError.self) { try read([0xFF, 0xFE, 0x61, 0x00]) }
  }

  @Test("Rows that cannot be read are named, and the others are read")
  func problems() throws {
    let bytes = Array("a,b\n1,\"2\"x\n3,4\n5,".utf8) + [0xFF] + Array("\n6\"\",7\n8,9\n".utf8)
    let file = try read(bytes)
    #expect(file.problems.keys.sorted() == [2, 4])
    #expect(file.rows.map(\.line) == [2, 3, 4, 5, 6])
    #expect(file.rows.map(\.texts.isEmpty) == [true, false, true, false, false])
  }

  @Test("A quote that is not closed is named where it opens")
  func openQuote() throws {
    let file = try read(Array("a,b\n1,2\n3,\"4\n5,6\n7,8\n".utf8))
    #expect(file.problems == [3: "a quote opens there and is not closed"])
    #expect(file.rows.map(\.line) == [2, 3])
  }

  @Test("Records longer than what is read at once")
  func longRecords() throws {
    let long = String(repeating: "ğ,\"\"\n", count: 40_000)
    #expect(try cells("a,b\n\"\(long)\",1\n2,3\n") == [[long.replacing("\"\"", with: "\""), "1"], ["2", "3"]])
  }

  @Test("Files without a header are refused", arguments: ["", "\n\n", "a,,b\n1,2,3"])
  func noHeader(_ text: String) {
    #expect(throws: NodeError.self) { try read(Array(text.utf8)) }
  }
}
