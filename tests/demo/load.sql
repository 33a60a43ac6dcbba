-- What the demo's guest does: some 100,000 rows, an index, small transactions with their journals, queries, a report file.
.bail on
PRAGMA journal_mode = DELETE;
PRAGMA temp_store = MEMORY;
CREATE TABLE reading (id INTEGER PRIMARY KEY, station TEXT NOT NULL, day INTEGER NOT NULL, value REAL NOT NULL);
.import --csv --skip 1 /data/readings.csv reading
CREATE INDEX reading_station ON reading (station, day);
SELECT count(*), min(day), max(day) FROM reading;
UPDATE reading SET value = value + 1 WHERE id % 1000 = 7;
UPDATE reading SET value = value - 1 WHERE id % 1000 = 13;
DELETE FROM reading WHERE day = 364;
INSERT INTO reading SELECT id + 1000000, station, 365, value FROM reading WHERE day = 1;
SELECT station, count(*), round(avg(value), 3) FROM reading GROUP BY station ORDER BY station LIMIT 8;
.output /data/report.txt
SELECT station, max(value) FROM reading GROUP BY station ORDER BY 2 DESC LIMIT 100;
.output stdout
PRAGMA integrity_check;
