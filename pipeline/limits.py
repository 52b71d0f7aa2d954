"""How large what comes from outside may be, in one place. The help of *Get more*, of data sets, says the same."""

# text: JSON files of the workspace and of bundles, whatever they claim
MOST_JSON_BYTES = 32 * 2**20
MOST_JSON_DEPTH = 100
MOST_JSON_VALUES = 500_000  # as many commas and opening brackets: a parser takes up to 300 bytes for each
MOST_DIGITS = 400  # of one number
MOST_CARD_BYTES = 2**20  # of a model's card
MOST_EVENTS_BYTES = 64 * 2**20  # of a run's log
MOST_EVENTS = 400_000

# tables: metadata, ground truths, image sources
MOST_TABLE_BYTES = 64 * 2**20
MOST_CSV_BYTES = 320 * 2**20  # of one that is imported: ISIC 2024's has 401,059 rows of 55 columns
MOST_TABLE_ROWS = 500_000
MOST_TABLE_COLUMNS = 500
MOST_LINE_CHARACTERS = 1_000_000
MOST_CELL_CHARACTERS = 1_000  # of a value that is used
MOST_PROBLEMS = 10_000  # listed with a data set; the others are counted
MOST_DECODED_BYTES = 256 * 2**20  # of a parquet table's columns, decompressed and decoded
MOST_ROW_GROUPS = 10_000
MOST_NOTE_BYTES = 2**20  # of the recipe in a table's footer
MOST_TEXT_BYTES = 4_000  # of one text in a parquet table

# arrays: heatmaps and embeddings, decompressed
MOST_ARRAY_BYTES = 256 * 2**20  # of one file together

# weights: safetensors files
MOST_WEIGHTS_BYTES = 400 * 2**20
MOST_FOLD_BYTES = 80 * 2**20  # of one of a cross-validation's networks in a bundle; a ResNet50 in 16 bits has 47 MB
MOST_WEIGHTS_HEADER_BYTES = 4 * 2**20
MOST_TENSORS = 20_000
MOST_CHECKPOINT_BYTES = 2 * 2**30  # the network, its best weights, and two averages of each for the optimizer

# bundles
MOST_BUNDLE_FILE_BYTES = 2 * 2**20  # of a description, a label, a list of files

# archives
MOST_MEMBERS = 250_000  # a zip's directory takes about a kilobyte of memory a file
MOST_DIRECTORY_BYTES = 48 * 2**20
MOST_ZIPS = 100  # in one folder
MOST_EXPANSION = 100  # times as large as the zip, unpacked; below MOST_UNPACKED_BYTES anything goes
MOST_UNPACKED_BYTES = 2 * 2**30
MOST_IMAGE_BYTES = 200 * 2**20
MOST_HDF5_IMAGES = 500_000
MOST_HDF5_SECONDS = 300  # of processor time to find out where the images lie in one
MOST_HDF5_WAITING_SECONDS = 1_800  # for it by the clock

# images
MOST_PIXELS = 60_000_000
MOST_ELONGATED = 20  # times as long as wide; a wider strip would grow without bound when scaled to cover a window
MOST_BLOCKS = 1_000  # of metadata and tables before the pixels; a file with more is not decoded in the app's process
MOST_CHUNKS = 50_000  # of a PNG, most of them pixels; likewise
MOST_SCANNED_PIXELS = 300_000_000  # of a JPEG over all its scans; likewise
MOST_PROFILE_BYTES = 2 * 2**20  # of a colour profile; a longer one is ignored
MOST_DECODING_BYTES = 500_000_000  # of memory that all images being decoded in a process take together
MOST_UNUSUAL_BYTES = 64 * 2**20  # of a file that is not decoded in the app's process
MOST_DECODING_SECONDS = 4  # of processor time for it
MOST_WAITING_SECONDS = 20  # for it by the clock, which ends it where no limit on processor time can be set

# lessons
MOST_LESSON_BYTES = 2 * 2**20
MOST_LESSON_ITEMS = 60  # of a form

# texts on a page, in characters; what is longer ends in an ellipsis
MOST_SHOWN = 10_000
MOST_PARAMETER = 4_000  # of an address; what pages write is shorter
MOST_WORD = 255  # a file's name at most; a page breaks it

# downloads and logins
MOST_DOWNLOAD_BYTES = 50 * 10**9  # of one file
MOST_ANSWER_BYTES = 2**18  # of what an archive says of one image
MOST_LOGIN_BYTES = 64 * 2**10  # of a kaggle.json or an access token's file
MOST_LOGIN_CHARACTERS = 8_000  # of a token, a user name or a key

# a server that its owner shares: a passphrase, and what is written down of a class
LEAST_PASSPHRASE = 12  # characters
MOST_PASSPHRASE = 200
MOST_TRIES_A_SESSION = 5
MOST_TRIES_A_MINUTE = 20  # of all sessions together
MOST_ACTIVITY_BYTES = 2**20  # of each of two files

# classes: rooms, their seats, and what is written of each
MOST_ROOMS = 20
MOST_SEATS = 200  # in a class
MOST_VISITS = 2_000  # of a stand's room, a seat each
MOST_SEAT_BYTES = 2**18  # of a seat's answers
MOST_ROOM_EVENTS_BYTES = 2**18  # of what an educator did in a room
MOST_HANDS = 10_000  # counted for an answer
MOST_TICKS = 20  # criteria, of an answer

# visitors of a shared server: each session, and all together
MOST_UPLOADS = 24  # files in memory at a time
MOST_UPLOADED_BYTES = 100 * 2**20
MOST_UPLOADED_BYTES_IN_ALL = 2 * 2**30
MOST_ANSWERS_A_MINUTE = 30  # of a model to an image that it was not asked about before
MOST_ANSWERS_A_MINUTE_IN_ALL = 240
MOST_TRAININGS_AN_HOUR = 6  # of the one click; one at a time is at work or waits
MOST_TRAININGS_AN_HOUR_IN_ALL = 12
MOST_JOINING_A_MINUTE = 6  # classes that a session joins
MOST_JOINING_A_MINUTE_IN_ALL = 300  # more than a class has seats
LEAST_FREE_BYTES = 2 * 2**30  # of the disk, before a visitor's training
