import SyncCore

/// Sealed edits that may not be sent.
extension EditInbox {
  /// The streams with such edits, as they were last found.
  func unsendableStreams() throws -> [UnsendableStream] {
    let select = try connection.prepared("SELECT stream, after, shown, told FROM birlik_kept_stream ORDER BY stream")
    var found: [UnsendableStream] = []
    while try select.step() {
      let shown = select.isNull(2) ? nil : Digest(bytes: select.bytes(2))
      found.append(
        UnsendableStream(number: select.id(0), after: select.int64(1), shown: shown, reported: select.int64(3)))
    }
    return found
  }

  func replaceUnsendableStreams(_ streams: [UnsendableStream]) throws {
    try connection.execute("DELETE FROM birlik_kept_stream")
    for stream in streams {
      let insert = try connection.prepared(
        "INSERT INTO birlik_kept_stream(stream, after, shown, told) VALUES(?1, ?2, ?3, ?4)")
      insert.bind(1, stream.number)
      insert.bind(2, stream.after)
      if let shown = stream.shown { insert.bind(3, blob: shown.bytes) } else { insert.bindNull(3) }
      insert.bind(4, stream.reported)
      try insert.step()
    }
  }

  /// Records that a refused edit is a sealed one of a stream.
  func markSealed(refused number: Int64, in stream: StreamNumber) throws {
    let note = try connection.prepared("INSERT INTO birlik_kept_edit(refused, stream) VALUES(?1, ?2)")
    note.bind(1, number)
    note.bind(2, stream)
    try note.step()
  }

  /// The proposals that were made of a stream's edits which may not be sent.
  func proposals(of stream: StreamNumber) throws -> [RecordKey] {
    let select = try connection.prepared(
      "SELECT p.proposal FROM birlik_kept_edit k JOIN birlik_proposed p ON p.refused=k.refused "
        + "WHERE k.stream=?1 AND k.sent=0")
    select.bind(1, stream)
    var proposals: [RecordKey] = []
    while try select.step() { proposals.append(RecordKey(bytes: select.bytes(0))) }
    return proposals
  }

  /// Records that a stream's edits are sent after all, and that their proposals which nobody decided are withdrawn.
  func markSent(_ stream: StreamNumber) throws {
    for sql in [
      "UPDATE birlik_proposed SET told='withdrawn' WHERE told IS NULL AND refused IN "
        + "(SELECT refused FROM birlik_kept_edit WHERE stream=?1 AND sent=0)",
      "UPDATE birlik_kept_edit SET sent=1 WHERE stream=?1",
    ] {
      let mark = try connection.prepared(sql)
      mark.bind(1, stream)
      try mark.step()
    }
  }
}
