import Crypto
import HTTPTypes
import SyncCore
import Testing

@testable import Wire

@Suite struct MessageSignatureTests {
  let key = Curve25519.Signing.PrivateKey()
  let node = NodeID(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210)
  let body = Array("{\"hello\": \"world\"}".utf8)
  let time: Int64 = 1_790_000_000_123

  var signer: MessageSigner { MessageSigner(keyID: node, privateKey: key) }
  var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }

  func request() throws -> HTTPFields {
    try MessageSignature.sign(method: "POST", path: "/v1/exchange", body: body, created: time, signer: signer)
  }

  /// The code with which a request is refused; nil when it is accepted.
  func refusal(
    _ headers: HTTPFields, method: String = "POST", path: String = "/v1/exchange", body: [UInt8]? = nil,
    now: Int64? = nil, publicKey: [UInt8]?
  ) -> MessageSignatureError.Code? {
    do {
      let claim = try RequestClaim(method: method, path: path, headers: headers)
      guard claim.keyID == node, let publicKey else { return .unknownSigner }
      try claim.verifySignature(publicKey: publicKey)
      try claim.verify(body: body ?? self.body)
      try claim.verifyTime(now: now ?? time)
      return nil
    } catch {
      #expect(!error.hint.isEmpty && !error.operation.isEmpty)
      return error.code
    }
  }

  @Test func buildsTheSignatureBaseOfTheRFC() throws {
    // RFC 9421, B.2.6, with the key of B.1.4.
    let components: [MessageSignature.Component] = [
      ("\"date\"", "Tue, 20 Apr 2021 02:07:55 GMT"), ("\"@method\"", "POST"), ("\"@path\"", "/foo"),
      ("\"@authority\"", "example.com"), ("\"content-type\"", "application/json"), ("\"content-length\"", "18"),
    ]
    let parameters =
      "(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\")"
      + ";created=1618884473;keyid=\"test-key-ed25519\""
    let base = MessageSignature.signatureBase(components, parameters: parameters)
    let signature = try #require(
      Base64.decode("wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="))
    let raw = try #require(Base64.decode("JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="))
    let rfcKey = try Curve25519.Signing.PublicKey(rawRepresentation: raw)
    #expect(rfcKey.isValidSignature(signature, for: Array(base.utf8)))
  }

  @Test func digestIsThatOfTheRFC() {
    // RFC 9530, appendix D: the same body.
    let header = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
    #expect(ContentDigest.header(for: body) == header)
    #expect(ContentDigest.bytes(inHeader: header) == Array(SHA256.hash(data: body)))
  }

  @Test(arguments: 0...70) func bytesHaveOneSpelling(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 89 + 7) }
    let text = "a=" + StructuredField.value(bytes)
    #expect(StructuredField.bytes("a", of: text, count: count) == bytes)
    #expect(StructuredField.bytes("a", of: text, count: count + 3) == nil)
    for other in [
      String(text.dropLast()), text + ";b", text + ", b", text + ", " + text, " " + text, text + " ", "b" + text,
    ] {
      #expect(StructuredField.bytes("a", of: other, count: count) == nil, "\(other)")
    }
    if count % 3 != 0 {
      // Bits that no byte holds: the same bytes for a careless reader.
      var other = Array(text.utf8)
      let last = count % 3 == 1 ? other.count - 4 : other.count - 3
      other[last] = other[last] == UInt8(ascii: "B") ? UInt8(ascii: "C") : other[last] + 1
      #expect(StructuredField.bytes("a", of: String(decoding: other, as: UTF8.self), count: count) == nil)
    }
  }

  @Test func requestsAreAccepted() throws {
    let headers = try request()
    #expect(headers.map(\.name.rawName) == ["content-digest", "signature-input", "signature"])
    #expect(
      headers[1].value == "birlik=(\"@method\" \"@path\" \"content-digest\");created=1790000000;"
        + "keyid=\"0123456789abcdeffedcba9876543210\";alg=\"ed25519\"")
    #expect(refusal(headers, publicKey: publicKey) == nil)
    var shouted: HTTPFields = [try #require(HTTPField.Name("Host")): "x"]
    for field in headers {
      shouted.append(HTTPField(name: try #require(HTTPField.Name(field.name.rawName.uppercased())), value: field.value))
    }
    #expect(refusal(shouted, publicKey: publicKey) == nil)
  }

  @Test func whateverIsCoveredMayNotChange() throws {
    let headers = try request()
    #expect(refusal(headers, method: "GET", publicKey: publicKey) == .forged)
    #expect(refusal(headers, path: "/v1/join", publicKey: publicKey) == .forged)
    #expect(refusal(headers, body: body + [0], publicKey: publicKey) == .forged)
    let other = Array(Curve25519.Signing.PrivateKey().publicKey.rawRepresentation)
    #expect(refusal(headers, publicKey: other) == .forged)
    #expect(refusal(headers, publicKey: [1, 2, 3]) == .forged)
    #expect(refusal(headers, publicKey: nil) == .unknownSigner)
    var digest = headers
    digest[0].value = ContentDigest.header(for: [])
    #expect(refusal(digest, body: [], publicKey: publicKey) == .forged)
    for (old, new) in [("created=1790000000", "created=1790000001"), ("keyid=\"0", "keyid=\"1")] {
      var changed = headers
      changed[1].value = changed[1].value.replacing(old, with: new)
      #expect(refusal(changed, publicKey: publicKey) == (new.hasPrefix("keyid") ? .unknownSigner : .forged))
    }
  }

  @Test func timeIsJudgedLast() throws {
    let headers = try request()
    for offset: Int64 in [-300_000, 0, 299_000] {
      #expect(refusal(headers, now: time + offset, publicKey: publicKey) == nil)
    }
    for now in [time - 302_000, time + 302_000, 0, .min, .max] {
      #expect(refusal(headers, now: now, publicKey: publicKey) == .clock)
      #expect(refusal(headers, body: [], now: now, publicKey: publicKey) == .forged)
    }
  }

  @Test(arguments: [
    "", "birlik", "birlik=", "birlik=()", "other=(\"@method\" \"@path\" \"content-digest\");created=1;alg=\"ed25519\"",
    "birlik=(\"@method\" \"@path\");created=1790000000;keyid=\"0123456789abcdeffedcba9876543210\";alg=\"ed25519\"",
    "birlik=(\"@path\" \"@method\" \"content-digest\");created=1;keyid=\"00\";alg=\"ed25519\"",
    "birlik=(\"@method\" \"@path\" \"content-digest\")", "birlik=(\"@method\" \"@path\" \"content-digest\");;;",
    "birlik=(\"@method\" \"@path\" \"content-digest\");created=99999999999999999999;alg=\"ed25519\";keyid=\"\"",
    "birlik=(\"@method\" \"@path\" \"content-digest\");created=-1;keyid=\"0123456789abcdeffedcba9876543210\";alg=\"ed25519\"",
    "birlik=(\"@method\" \"@path\" \"content-digest\");created=1;keyid=\"0123456789abcdeffedcba987654321g\";alg=\"ed25519\"",
    "birlik=(\"@method\" \"@path\" \"content-digest\");created=1;keyid=\"0123456789abcdeffedcba9876543210\";alg=\"hmac-sha256\"",
    "birlik=(\"@method\" \"@path\" \"content-digest\");created=1;created=1;alg=\"ed25519\"",
    "birlik=(\"@method\" \"@path\" \"content-digest\");created=1;keyid=\"0123456789abcdeffedcba9876543210\";alg=\"ed25519\";x=1",
    "bi\u{212A}lik=(\u{37E})", "birlik=\0", String(repeating: "(", count: 511), String(repeating: "a", count: 100_000),
  ])
  func hostileInputsAreRefused(_ input: String) throws {
    var headers = try request()
    headers[1].value = input
    #expect(refusal(headers, publicKey: publicKey) == .malformed)
  }

  @Test func headersMustBeThereOnce() throws {
    let headers = try request()
    for index in headers.indices {
      var without = headers
      without.remove(at: index)
      #expect(refusal(without, publicKey: publicKey) == .missing)
      #expect(refusal(headers + [headers[index]], publicKey: publicKey) == .missing)
      var empty = headers
      empty[index].value = ""
      #expect(refusal(empty, publicKey: publicKey) == .malformed)
    }
  }

  @Test func noSingleByteMayChange() throws {
    let headers = try request()
    var generator = SystemRandomNumberGenerator()
    for index in headers.indices {
      for position in headers[index].value.utf8.indices {
        var bytes = Array(headers[index].value.utf8)
        let offset = headers[index].value.utf8.distance(from: headers[index].value.startIndex, to: position)
        // Hexadecimal digits of the key identifier may be upper case for the parser, but then the base differs.
        bytes[offset] ^= UInt8.random(in: 1...255, using: &generator)
        // What no header may hold does not get as far as here.
        guard HTTPField.isValidValue(bytes) else { continue }
        var changed = headers
        changed[index] = HTTPField(name: headers[index].name, value: bytes)
        #expect(refusal(changed, publicKey: publicKey) != nil, "\(changed[index])")
      }
    }
  }

  @Test(arguments: ["", "v1", "/v1?x=1", "/v1#x", "/v 1", "/v1\n\"@status\": 200", "/\u{e9}"])
  func pathsThatCannotBeCoveredAreNotSigned(path: String) throws {
    #expect(throws: MessageSignatureError.self) {
      try MessageSignature.sign(method: "POST", path: path, body: [], created: time, signer: signer)
    }
    #expect(refusal(try request(), path: path, publicKey: publicKey) == .malformed)
  }
}

@Suite struct ResponseSignatureTests {
  let tests = MessageSignatureTests()

  func code(_ work: () throws -> Int64) -> MessageSignatureError.Code? {
    do {
      #expect(try work() == tests.time + 5000)
      return nil
    } catch {
      return (error as? MessageSignatureError)?.code
    }
  }

  @Test func answersAreBoundToTheirRequest() throws {
    let sent = try tests.request()
    let binding = RequestBinding(method: "POST", path: "/v1/exchange", headers: sent)
    let answer = Array("answer".utf8)
    let headers = try MessageSignature.sign(
      status: 200, body: answer, time: tests.time + 5000, answering: binding, signer: tests.signer)
    #expect(
      headers[2].value.hasPrefix(
        "birlik=(\"@status\" \"content-digest\" \"birlik-time\" \"@method\";req \"@path\";req \"content-digest\";req "
          + "\"signature\";req;key=\"birlik\");created="))

    func verify(
      status: Int = 200, _ headers: HTTPFields, body: [UInt8]? = nil, to request: RequestBinding? = nil,
      keyID: NodeID? = nil
    ) -> MessageSignatureError.Code? {
      code {
        try MessageSignature.verify(
          status: status, headers: headers, body: body ?? answer, answering: request ?? binding,
          keyID: keyID ?? tests.node, publicKey: tests.publicKey)
      }
    }
    #expect(verify(headers) == nil)
    #expect(verify(status: 401, headers) == .forged)
    #expect(verify(headers, body: []) == .forged)
    #expect(verify(headers, keyID: NodeID(high: 1, low: 1)) == .unknownSigner)
    for index in headers.indices {
      var changed = headers
      changed.remove(at: index)
      #expect(verify(changed) == .missing)
    }
    var later = headers
    later[1].value = "1790000005124"
    #expect(verify(later) == .forged)
    later[1].value = "+1790000005123"
    #expect(verify(later) == .malformed)

    let again = try MessageSignature.sign(
      method: "POST", path: "/v1/exchange", body: tests.body, created: tests.time + 1000, signer: tests.signer)
    #expect(verify(headers, to: RequestBinding(method: "POST", path: "/v1/exchange", headers: again)) == .forged)
    #expect(verify(headers, to: RequestBinding(method: "POST", path: "/v1/exchange", headers: [:])) == .malformed)
  }

  @Test func unsignedAndHostileRequestsAreBoundAsFarAsTheyAreSound() throws {
    let digest: HTTPFields = [.contentDigest: ContentDigest.header(for: [])]
    let hostile = digest + [HTTPField(name: .signature, value: "birlik=:AAAA:\n\"@status\": 200")]
    let binding = RequestBinding(method: "POST", path: "/v1/join", headers: hostile)
    #expect(binding == RequestBinding(method: "POST", path: "/v1/join", headers: digest))
    #expect(binding != RequestBinding(method: "POST", path: "/v1/join", headers: [:]))
    let headers = try MessageSignature.sign(
      status: 200, body: [], time: tests.time + 5000, answering: binding, signer: tests.signer)
    #expect(
      code {
        try MessageSignature.verify(
          status: 200, headers: headers, body: [], answering: binding, keyID: tests.node, publicKey: tests.publicKey)
      } == nil)
  }
}
