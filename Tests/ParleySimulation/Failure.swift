/// A check that failed, and how.
struct Failure: Error {
    let check: String
    let detail: String

    init(_ check: String, _ detail: String) {
        self.check = check
        self.detail = detail
    }
}
