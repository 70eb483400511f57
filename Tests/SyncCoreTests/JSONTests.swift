import SyncCore
import Testing

/// Documents as they are put together.
@Suite struct JSONTests {
  private let odd: [UInt8] = [0x22, 0x5C, 0x0A, 0x0D, 0x09, 0x01, 0x7F, 0x61, 0xFF]

  @Test("For programs and screens a text is UTF-8 without control characters")
  func readable() {
    #expect(JSON.text(odd).bytes == Array(#""\"\\\n\r\t\u0001\u007fa"#.utf8) + [0xEF, 0xBF, 0xBD, 0x22])
  }

  @Test("For comparing a text keeps its bytes, and what JSON demands is escaped in one form")
  func canonical() {
    let text = JSON.text(odd, .canonical).bytes
    #expect(text == Array(#""\"\\\u000a\u000d\u0009\u0001"#.utf8) + [0x7F, 0x61, 0xFF, 0x22])
    #expect(TextSet([odd]).json == [0x5B] + text + [0x5D])
  }

  @Test("Members keep their order, without spaces")
  func documents() {
    let json: JSON = [
      "b": .number(-1), "a": .array([.null, .bool(true), "ş"]), "c": .object([]), "d": .decimal("1.5"),
    ]
    #expect(json.bytes == Array(#"{"b":-1,"a":[null,true,"ş"],"c":{},"d":1.5}"#.utf8))
  }
}
