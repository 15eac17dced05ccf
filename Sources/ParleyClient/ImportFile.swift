package import ParleyCore
package import ParleyStore

/// One file of an import, as the changesets made of it name it.
package struct ImportFile: Sendable {
    /// The source's name: what it said last time is looked up under it.
    package var source: String
    /// The file's own name, for messages and for whoever must find it again.
    package var name: String
    /// SHA-256 of the file, where it can be known beforehand: the same command can then go on where it was ended.
    /// It may still be being made, and is waited for when the first changeset is.
    package var digest: Beside<[UInt8]>?
    /// When the file was exported from this workspace: what it held then is the base, instead of what the
    /// source said last time.
    package var exported: Instant?
    /// Whether it is by itself only a part of what the source has, so that nothing follows from what it lacks.
    package var isPart = false

    package init(source: String, name: String? = nil, digest: Beside<[UInt8]>? = nil) {
        self.source = source
        self.name = name ?? source
        self.digest = digest
    }
}

/// One row of a file on its way into the workspace.
struct ImportRow: Sendable {
    /// Index among the files of the run, and its place among the file's rows, from 1.
    var file: Int
    var ordinal: Int
    var read: ReadRow
    /// A link is known by its ends only once they are.
    var found: DraftResolver.Found?
}
