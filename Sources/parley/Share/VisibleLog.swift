import Logging
import ParleyTerminal

/// Writes a server's log as one line an event, in which nothing that a peer has said commands the terminal of
/// whoever reads it.
struct VisibleLog: LogHandler {
    private var inner: any LogHandler

    init(_ inner: any LogHandler) { self.inner = inner }

    var logLevel: Logger.Level {
        get { inner.logLevel }
        set { inner.logLevel = newValue }
    }

    var metadata: Logger.Metadata {
        get { inner.metadata }
        set { inner.metadata = newValue }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { inner.metadataProvider }
        set { inner.metadataProvider = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { inner[metadataKey: key] }
        set { inner[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        var shown = event
        shown.message = "\(visible(event.message.description))"
        shown.metadata = event.metadata?.mapValues { .string(visible($0.description)) }
        inner.log(event: shown)
    }
}
