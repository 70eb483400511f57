/// The names under which `birlik_meta` keeps single values.
enum Meta: String {
  case card
  /// The version of the tables, which tools do not touch here: they reset `PRAGMA user_version`.
  case schema
  /// The hash of the invitation with which this node joined.
  case invitation
  case headquarters
  /// The random part of the origin under which this node numbers its changes.
  case nonce
  /// How many origins this node took, and how many transactions sealed something: see `StateFile`.
  case origins
  case seals
  case catalog
  /// What a catalog ever kept local, one name a line: no later one may share it.
  case everLocal = "ever_local"
  /// Where headquarters listens.
  case upstream
  /// By what headquarters' server is known when it is connected to: see `ServerTrust`.
  case serverTrust = "server_trust"
  /// The address that headquarters listens on.
  case listen
  /// Files in PEM that `birlik init` was told of; headquarters only.
  case tlsCertificate = "tls_certificate"
  case tlsKey = "tls_key"
  /// What to add to this machine's clock to get headquarters', in milliseconds.
  case offset
  /// When that was last measured, and since when it was too much, by headquarters' clock.
  case clockMeasuredAt = "clock_measured_at"
  case clockWrongSince = "clock_wrong_since"
  /// How many bytes the line to headquarters carries in one message; NULL mostly: see `LineSize`.
  case lineSize = "line_size"
  /// When this node last sealed, by headquarters' clock.
  case previousSeal = "previous_seal"
  /// Raised by every transaction that changes streams or the catalog, so that other processes read them again.
  case generation
  /// `PRAGMA schema_version` after the triggers were last checked.
  case checkedSchema = "checked_schema"
  /// What the tables should be by the catalog for which they were last put in order.
  case checkedForm = "checked_form"
  /// The clerks' own columns in the catalog's tables: see `OwnColumns`.
  case ownColumns = "own_columns"
  /// The last sync: when, how it ended, and why it failed.
  case lastSyncAt = "last_sync_at"
  case lastSyncOutcome = "last_sync_outcome"
  case lastSyncError = "last_sync_error"
  /// How many changes headquarters did not hold when its frontier was last seen.
  case unsent
  /// How many records this node deleted since the last sync that ended in sync; not at headquarters.
  case unsentDeletions = "unsent_deletions"
  /// 1 while totals have to be counted again before they are shown; at federations only.
  case staleTotals = "stale_totals"
  /// The earliest time at which a segment was sealed whose body is kept, as of the last look; only where bodies are
  /// dropped.
  case oldestBody = "oldest_body"
  /// What headquarters lacks and this node cannot give back, in words; empty when nothing.
  case cannotGive = "cannot_give"
  /// 1 once it is decided whether this node begins from a snapshot.
  case snapshotAsked = "snapshot_asked"
  /// What happened to this node that its administrator should know.
  case notice
  /// The notice as a sync last reported it.
  case reportedNotice = "reported_notice"
  /// The `KeyRenewal` that was begun and not finished; NULL mostly.
  case renewal
  /// The ids of this node under earlier keys.
  case formerNodes = "former_nodes"
  /// How many findings `birlik check` counted last, and when.
  case findings
  case findingsAt = "findings_at"
  /// The last of `birlik_refused` that people at this node were told of.
  case seenRefused = "seen_refused"
}
