internal import GRDB

extension StoreFile {
    /// Moves the write-ahead log into the file and truncates it, so that a long import leaves no large file
    /// beside the small one. Does nothing while another process reads.
    package func checkpoint() throws {
        try withoutTransaction { _ = try $0.checkpoint(.truncate) }
    }
}
