"""What in the data gives the label away, before any network is asked and with the boxes left out.

A *quantity* is one property of a picture, as the colour of a cell or the size of the box. It *tells* the label where a
picture's nearest neighbours in this quantity bear its label more often than chance explains.
"""
